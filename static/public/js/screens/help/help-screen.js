// What to know about writing here: the keys, and what happens to texts.

import { SAVE_KEYS } from "../../lib/device.js";
import { findElement, fromTemplate } from "../../lib/dom.js";

export function createHelpScreen() {
  const screen = fromTemplate("help-screen", HTMLElement);
  findElement(screen, ".save-keys").textContent = SAVE_KEYS;
  return screen;
}
