// Where somebody is signed in, and the end of it.

import { accounts } from "../../data/accounts.js";
import { isProblem } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime } from "../../lib/i18n.js";
import { deviceOf } from "../../lib/user-agent.js";
import { notify, notifyError } from "../toast/toast.js";

/** @typedef {import("../../data/accounts.js").SignedInAt} SignedInAt */

/** @type {import("./account-screen.js").Part} */
export const sessionsPart = {
  path: "/account/sessions",
  summary: () => ({ key: "sessionsSummary" }),
  create: async (_, screen) => {
    const [{ items }, programs] = await Promise.all([accounts.sessions(), accounts.programs()]);
    const names = new Map(programs.items.map(({ client_id, client_name }) => [client_id, client_name]));
    const part = fromTemplate("sessions-part", HTMLElement);
    findElement(part, "ul").append(...items.map((item) => itemOf(item, names.get(item.client_id), part)));
    const button = findButton(part, ".end-others");
    button.addEventListener("click", () => endOthers(button, screen));
    showButton(part);
    return part;
  },
};

/** Says what people call the device. @param {HTMLElement} element @param {SignedInAt} session */
function showDevice(element, { user_agent }) {
  const { browser, system } = deviceOf(user_agent);
  if (browser && system) setText(element, "device", { browser, system });
  else if (browser || system) element.textContent = browser ?? system;
  else setText(element, "unknownDevice");
}

/** @param {SignedInAt} session @param {string | undefined} program the name of the connected program, where it is one's @param {HTMLElement} part */
function itemOf(session, program, part) {
  const item = fromTemplate("session-item", HTMLElement);
  const device = findElement(item, ".device");
  if (program === undefined) showDevice(device, session);
  else device.textContent = program;
  findElement(item, ".is-program").hidden = program === undefined;
  findElement(item, ".here").hidden = !session.current;
  setTime(find(item, ".used", HTMLTimeElement), session.last_used_at);
  setTime(find(item, ".made", HTMLTimeElement), session.created_at);
  const button = findButton(item, ".end");
  button.hidden = session.current; // For this one there is the way out in the menu, which also looks after what is not saved.
  device.id = `session-${session.id}`;
  button.id = `end-${session.id}`;
  button.setAttribute("aria-labelledby", `${button.id} ${device.id}`);
  button.addEventListener("click", () => end(session, item, part));
  return item;
}

/** @param {SignedInAt} session @param {HTMLElement} item @param {HTMLElement} part */
async function end(session, item, part) {
  try {
    await accounts.endSession(session.id);
  } catch (error) {
    if (!isProblem(error, "not-found")) return notifyError(error); // It had ended by itself.
  }
  item.remove();
  showButton(part);
  document.querySelector("h1")?.focus();
  return notify({ key: "sessionEndedThere" });
}

/** @param {HTMLButtonElement} button @param {import("./account-screen.js").Screen} screen */
async function endOthers(button, screen) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await accounts.endOtherSessions();
    await screen.done("otherSessionsEnded");
  } catch (error) {
    notifyError(error);
  }
  button.ariaBusy = "false";
}

/** All others can be ended where there are some. @param {HTMLElement} part */
function showButton(part) {
  findElement(part, ".end-others").hidden = part.querySelector(".end:not([hidden])") === null;
}
