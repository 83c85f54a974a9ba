// The keys of a text that is being written, and the input methods that use the same keys.

/** Safari marks the keys of an input method with this code, also where `isComposing` is false already. */
const INPUT_METHOD = 229;
const MODIFIERS = ["Control", "Meta", "Shift", "Alt"];

/** Whether a key is an input method's own.
 * @param {KeyboardEvent} event */
export const isInputMethods = (event) => event.isComposing || event.keyCode === INPUT_METHOD;

/** An input method may call the key "Process"; the code is still the key's own.
 * @param {KeyboardEvent} event */
const isEnter = (event) => event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";

/**
 * Ctrl or Cmd with Enter saves, Escape cancels. While an input method composes a syllable, Escape is its own, and the
 * wish to save waits until the syllable is in the text: `save` is always called when `value` holds all of it.
 * @param {HTMLTextAreaElement} textarea
 * @param {{save: () => void, cancel: () => void}} actions
 */
export function onShortcuts(textarea, { save, cancel }) {
  let composing = false;
  let saveIsWanted = false;
  // After the input events that belong to the key or to the end of the composition.
  const saveSoon = () => setTimeout(save);

  textarea.addEventListener("compositionstart", () => (composing = true));
  textarea.addEventListener("compositionend", () => {
    composing = false;
    if (saveIsWanted) saveSoon();
    saveIsWanted = false;
  });
  textarea.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (isEnter(event) && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (event.repeat) return;
      if (composing || event.isComposing) saveIsWanted = true;
      else if (isInputMethods(event)) saveSoon();
      else save();
    } else if (!MODIFIERS.includes(event.key)) {
      saveIsWanted = false; // Its author went on writing.
      if (event.key !== "Escape" || composing || isInputMethods(event)) return;
      event.preventDefault();
      cancel();
    }
  });
}

/**
 * What a key with Ctrl or Cmd does to a text: a letter, or a digit with Shift. Also on a keyboard that writes another
 * script the letter is the one that is printed beside it.
 * @param {KeyboardEvent} event
 * @returns {string | null} such as "b" or "shift+7"
 */
export function formatKeyOf(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || isInputMethods(event)) return null;
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  if (event.shiftKey) return digit ? `shift+${digit}` : null;
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  return /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase() ?? null;
}
