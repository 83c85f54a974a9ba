// What can be told of the device that the page is on.

const FINE = "(hover: hover) and (pointer: fine)";

/** Whether there is a keyboard, as far as one can tell: where a mouse is, one is, too. The style sheet asks the same. */
export const hasKeyboard = () => matchMedia(FINE).matches;

const isApple = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");

/** The key that gives others another meaning, as it is written on the keyboard. */
export const MODIFIER = isApple ? "⌘" : "Ctrl +";

/** The keys that save, as they are written on the keyboard. */
export const SAVE_KEYS = isApple ? "⌘ Return" : "Ctrl + Enter";
