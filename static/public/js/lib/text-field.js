// A field of text, changed as if its author had typed it.

/** @typedef {import("./markdown/edits.js").Edit} Edit */

/** @param {HTMLTextAreaElement} field @returns {import("./markdown/edits.js").Selection} */
export const selectionOf = (field) => ({ text: field.value, start: field.selectionStart, end: field.selectionEnd });

/**
 * Makes a change to a field, so that the browser's undo takes it back where the browser can; the field has the focus
 * afterwards. What an input method composes has to be ended before: a change amid a syllable would tear it.
 * @param {HTMLTextAreaElement} field
 * @param {Edit | null} edit null changes nothing
 * @returns {boolean} whether there was something to change
 */
export function apply(field, edit) {
  if (!edit) return false;
  field.focus({ preventScroll: true });
  field.setSelectionRange(edit.start, edit.end);
  const isDone = edit.insert === "" ? document.execCommand("delete") : document.execCommand("insertText", false, edit.insert);
  if (!isDone) {
    field.setRangeText(edit.insert, edit.start, edit.end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(...edit.select);
  return true;
}

/** Ends what an input method composes in a field, and keeps it.
 * @param {HTMLTextAreaElement} field */
export function endComposition(field) {
  field.blur();
  field.focus({ preventScroll: true });
}

/** Gives a field a text that has come from elsewhere. The caret stays at what it is at.
 * @param {HTMLTextAreaElement} field @param {string} text */
export function takeUp(field, text) {
  const old = field.value;
  let start = 0;
  while (start < old.length && start < text.length && old[start] === text[start]) start += 1;
  let end = 0;
  const rest = Math.min(old.length, text.length) - start;
  while (end < rest && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  field.setRangeText(text.slice(start, text.length - end), start, old.length - end, "preserve");
}
