// Programs that may use the memos because their owner has allowed it, and the end of that.

import { accounts } from "../../data/accounts.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime } from "../../lib/i18n.js";
import { endListed } from "./ending.js";
import { mayOf } from "./may.js";

/** @typedef {import("../../data/accounts.js").ConnectedProgram} ConnectedProgram */

/** @type {import("./account-screen.js").Part} */
export const programsPart = {
  path: "/account/programs",
  summary: () => ({ key: "programsSummary" }),
  create: async () => {
    const { items } = await accounts.programs();
    const part = fromTemplate("programs-part", HTMLElement);
    findElement(part, "ul").append(...items.map((item) => itemOf(item, part)));
    showWhether(part);
    return part;
  },
};

/** Says what the list is, or that there is nothing on it. @param {HTMLElement} part */
function showWhether(part) {
  const list = findElement(part, "ul");
  list.hidden = list.childElementCount === 0;
  setText(findElement(part, ".lead"), list.hidden ? "noPrograms" : "programsLead");
}

/** @param {ConnectedProgram} program @param {HTMLElement} part */
function itemOf(program, part) {
  const item = fromTemplate("program-item", HTMLElement);
  const name = findElement(item, "bdi");
  name.textContent = program.client_name;
  name.id = `program-${program.client_id}`;
  setText(findElement(item, ".may"), mayOf(program.scope));
  const site = URL.parse?.(program.client_uri ?? "");
  findElement(item, ".site").hidden = !site;
  if (site) setText(findElement(item, ".site"), "programSite", { host: site.host });
  setTime(find(item, ".made", HTMLTimeElement), program.connected_at);
  setText(findElement(item, ".use"), program.last_used_at ? "lastUsed" : "tokenUnused");
  const used = find(item, ".used", HTMLTimeElement);
  used.hidden = !program.last_used_at;
  if (program.last_used_at) setTime(used, program.last_used_at);
  const button = findButton(item, ".end");
  button.id = `disconnect-${program.client_id}`;
  button.setAttribute("aria-labelledby", `${button.id} ${name.id}`);
  button.addEventListener("click", () => disconnect(program, item, part));
  return item;
}

/** @param {ConnectedProgram} program @param {HTMLElement} item @param {HTMLElement} part */
async function disconnect({ client_id, client_name }, item, part) {
  /** @type {Parameters<typeof endListed>[1]} */
  const question = {
    title: { key: "disconnectQuestion" },
    text: { key: "disconnectMeaning", params: { name: client_name } },
    yes: "disconnect",
    no: "keep",
  };
  if (await endListed(item, question, () => accounts.disconnect(client_id), "programDisconnected")) showWhether(part);
}
