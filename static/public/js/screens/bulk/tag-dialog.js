// A dialog that asks for the name of a tag.

import { tags } from "../../data/stores.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { tagsOf } from "../../lib/tags.js";

/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */

/**
 * Asks. The answer is a name as it stands behind `#`, or null.
 * @param {{title: TextKey, hint: TextKey, yes: TextKey, value?: string}} question
 * @returns {Promise<string | null>}
 */
export function askTag({ title, hint, yes, value = "" }) {
  const dialog = fromTemplate("tag-dialog", HTMLDialogElement);
  const field = find(dialog, "input", HTMLInputElement);
  const wrong = findElement(dialog, ".wrong");
  setText(findElement(dialog, "h2"), title);
  setText(findElement(dialog, ".tag-hint"), hint);
  setText(findButton(dialog, ".yes"), yes);
  find(dialog, "datalist", HTMLDataListElement).append(...tags.names.map((name) => new Option("", name)));
  field.value = value;
  /** @type {string | null} */
  let answer = null;
  find(dialog, "form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    answer = nameOf(field.value);
    if (answer !== null) {
      dialog.close();
      return;
    }
    setText(wrong, "tagWrong");
    field.ariaInvalid = "true";
    field.focus();
  });
  findButton(dialog, ".no").addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  field.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
  });
}

/** The name, if a text would have it as a tag just as it is.
 * @param {string} value */
function nameOf(value) {
  const name = value.trim().replace(/^#/u, "").normalize("NFC");
  const [tag, ...others] = tagsOf(`#${name}`);
  return tag === name.toLowerCase() && others.length === 0 ? name : null;
}
