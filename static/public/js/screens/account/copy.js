// What was made for somebody and is shown once, onto the clipboard.

import { notify } from "../toast/toast.js";

/** @param {HTMLElement} element where it is shown @param {string} text */
export async function copy(element, text) {
  try {
    await navigator.clipboard.writeText(text);
    notify({ key: "copied" });
  } catch {
    // Browsers keep the clipboard from pages that come over plain http.
    getSelection()?.selectAllChildren(element);
    notify({ key: "copySelected" });
  }
}
