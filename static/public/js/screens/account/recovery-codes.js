// Recovery codes that were just made. They are in the memory of this page and nowhere else, until somebody says that they are
// kept.

import { session } from "../../data/stores.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { copy } from "./copy.js";

/** @typedef {{username: string, codes: string[], next: string}} FreshCodes whose they are, and where one goes after them */

/** @type {FreshCodes | null} */
let fresh = null;

/** Keeps codes until they are shown, and somebody says that they have them.
 * @param {FreshCodes} codes */
export function holdCodes(codes) {
  if (!fresh) addEventListener("beforeunload", warn);
  fresh = codes;
}

/** The codes of this person that nobody has said to have kept.
 * @param {string} username */
export const heldCodes = (username) => (fresh?.username === username ? fresh : null);

function dropCodes() {
  fresh = null;
  removeEventListener("beforeunload", warn);
}

/** Whoever leaves will not see them again. @param {Event} event */
function warn(event) {
  if (navigator.userActivation?.hasBeenActive ?? true) event.preventDefault();
}

session.addEventListener("change", () => session.user?.username !== fresh?.username && dropCodes());

/** @param {FreshCodes} held @param {(next: string) => unknown} done */
export function createCodes({ username, codes, next }, done) {
  const element = fromTemplate("recovery-codes", HTMLElement);
  findElement(element, ".codes").append(
    ...codes.map((code) => {
      const item = document.createElement("li");
      item.textContent = code;
      return item;
    }),
  );
  const about = t("codesOf", { username, site: location.host });
  findElement(element, ".of").textContent = about;
  const text = `${about}\n\n${codes.join("\n")}\n\n${t("codesLead")}\n`;
  const link = find(element, ".download", HTMLAnchorElement);
  link.download = `memo-recovery-codes-${username}.txt`;
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  findButton(element, ".copy-codes").addEventListener("click", () => copy(findElement(element, ".codes"), codes.join("\n")));
  findButton(element, ".print").addEventListener("click", () => print());
  const share = findButton(element, ".share");
  share.hidden = !navigator.share;
  share.addEventListener("click", () => navigator.share({ text }).catch(() => {})); // Nobody was chosen.
  findButton(element, ".kept").addEventListener("click", () => {
    URL.revokeObjectURL(link.href);
    dropCodes();
    done(next);
  });
  return element;
}
