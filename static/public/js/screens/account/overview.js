// Whose account it is, and how it stands with each of its parts.

import { find, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime } from "../../lib/i18n.js";
import { placeAt } from "../../router.js";

/** @typedef {import("./account-screen.js").Account} Account */
/** @typedef {import("./account-screen.js").Part} Part */

/** With so few recovery codes left, it is time for new ones. */
const FEW = 3;

/** @param {Account} account @param {Part[]} parts */
export function createOverview(account, parts) {
  const overview = fromTemplate("overview", HTMLElement);
  findElement(overview, ".name").textContent = account.username;
  setTime(find(overview, "time", HTMLTimeElement), account.created_at);
  const count = account.recovery_codes_left;
  findElement(overview, ".call").hidden = count > FEW;
  setText(findElement(overview, ".call .words"), count === 0 ? "noRecoveryCodes" : "fewRecoveryCodes", { count });
  findElement(overview, ".parts").append(...parts.map((part) => lineOf(part, account)));
  return overview;
}

/** @param {Part} part @param {Account} account */
function lineOf({ path, summary }, account) {
  const { key, params, time } = summary(account);
  const [line, link] = [document.createElement("li"), document.createElement("a")];
  const [title, state, words] = [1, 2, 3].map(() => document.createElement("span"));
  link.href = path;
  setText(title, placeAt(path)?.route.title ?? null);
  setText(words, key, params);
  [title.className, state.className] = ["title", "hint"];
  state.append(words);
  if (time) {
    const moment = document.createElement("time");
    setTime(moment, time);
    state.append(" ", moment);
  }
  link.append(title, " ", state);
  line.append(link);
  return line;
}
