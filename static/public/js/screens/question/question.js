// A question that holds up what cannot be undone, until it is answered.

import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";

/**
 * Asks. The button that changes nothing has the focus, and Escape is that answer; afterwards the focus is where it was.
 * @param {object} question
 * @param {import("../../lib/error-text.js").Text} question.title
 * @param {import("../../lib/error-text.js").Text} question.text
 * @param {import("../../lib/i18n.js").TextKey} question.yes
 * @param {import("../../lib/i18n.js").TextKey} question.no
 * @param {boolean} [question.isHarmless] whether either answer may be given without a second thought
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, yes, no, isHarmless = false }) {
  const dialog = fromTemplate("question", HTMLDialogElement);
  setText(findElement(dialog, "h2"), title.key, title.params);
  setText(findElement(dialog, "p"), text.key, text.params);
  setText(findButton(dialog, ".yes"), yes);
  setText(findButton(dialog, ".no"), no);
  if (isHarmless) [findButton(dialog, ".yes").className, findButton(dialog, ".no").className] = ["yes primary", "no quiet"];
  findButton(dialog, ".yes").addEventListener("click", () => dialog.close("yes"));
  findButton(dialog, ".no").addEventListener("click", () => dialog.close("no"));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
