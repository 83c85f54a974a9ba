// Passkeys: those that there are, another one, and the end of one.

import { accounts } from "../../data/accounts.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime, t } from "../../lib/i18n.js";
import { makePasskey, passkeyObstacle } from "../../lib/passkeys.js";
import { deviceOf } from "../../lib/user-agent.js";
import { createProofForm, PROOF, proofOf } from "./account-form.js";

/** @typedef {import("./account-screen.js").Account} Account */
/** @typedef {import("./account-screen.js").Screen} Screen */
/** @typedef {import("../../data/accounts.js").Passkey} Passkey */

/** @type {import("../form/form.js").Plan} */
const NAME = { name: "name", label: "passkeyName", autocomplete: "off", missing: "passkeyNameMissing" };
/** So many letters a name has. */
const NAME_MAX = 64;

/** @type {import("./account-screen.js").Part} */
export const passkeysPart = {
  path: "/account/passkeys",
  summary: ({ passkeys: count }) => ({ key: "passkeyCount", params: { count } }),
  create: async (account, screen) => {
    const { items } = await accounts.passkeys();
    const part = fromTemplate("passkeys-part", HTMLElement);
    const [button, obstacle] = [findButton(part, ".add"), passkeyObstacle()];
    /** @param {import("../form/form.js").Form} form @param {string} first the field to begin with */
    const show = (form, first) => {
      findElement(part, ".proof").replaceChildren(form.element);
      form.field(first).focus();
      button.hidden = first === "name" || obstacle !== null;
    };
    const list = findElement(part, "ul");
    list.hidden = items.length === 0;
    list.append(...items.map((item) => itemOf(item, () => show(createRemoval(account, screen, item), "password"))));
    setText(findElement(part, ".obstacle"), obstacle);
    findElement(part, ".obstacle").hidden = obstacle === null;
    button.hidden = obstacle !== null;
    button.addEventListener("click", () => show(createAddition(account, screen), "name"));
    return part;
  },
};

/** @param {Passkey} passkey @param {() => void} onEnd */
function itemOf({ id, name, created_at, last_used_at }, onEnd) {
  const item = fromTemplate("passkey-item", HTMLElement);
  const [label, button] = [findElement(item, ".device"), findButton(item, ".end")];
  label.textContent = name;
  setTime(find(item, ".made", HTMLTimeElement), created_at);
  findElement(item, ".use").hidden = last_used_at === null;
  if (last_used_at) setTime(find(item, ".used", HTMLTimeElement), last_used_at);
  label.id = `passkey-${id}`;
  button.id = `end-${id}`;
  button.setAttribute("aria-labelledby", `${button.id} ${label.id}`);
  button.addEventListener("click", onEnd);
  return item;
}

/** @param {Account} account @param {Screen} screen */
function createAddition(account, screen) {
  const form = createProofForm(account, {
    change: "passkey-added",
    lead: "addPasskeyLead",
    fields: [NAME, ...PROOF],
    act: "makePasskey",
    send: async () => {
      const name = form.value("name");
      const options = await accounts.beginPasskey(proofOf(form));
      form.field("code").value = ""; // It is good no more, should there be no passkey.
      await accounts.addPasskey({ name, credential: await makePasskey(options) });
      await screen.done("passkeyAdded");
    },
  });
  const field = form.field("name");
  const { browser, system } = deviceOf(navigator.userAgent);
  field.maxLength = NAME_MAX;
  field.value = browser && system ? t("device", { browser, system }) : (system ?? browser ?? "");
  return form;
}

/** @param {Account} account @param {Screen} screen @param {Passkey} passkey */
function createRemoval(account, screen, { id, name }) {
  const form = createProofForm(account, {
    change: "passkey-removed",
    lead: "removePasskeyLead",
    fields: PROOF,
    act: "removePasskey",
    send: async () => {
      await accounts.removePasskey(id, proofOf(form));
      await screen.done("passkeyRemoved");
    },
  });
  setText(findElement(form.element, ".lead"), "removePasskeyLead", { name });
  return form;
}
