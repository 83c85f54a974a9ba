// How good a new password is, while it is typed: in words, and by a meter.

import { find, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { LEVELS, strengthOf } from "../../lib/password-strength.js";

/** Words come when the typing pauses, so that a screen reader is not interrupted by each letter. */
const PAUSE_MS = 400;

/**
 * Puts a meter below the field of a new password.
 * @param {HTMLInputElement} input
 * @param {() => string} username whose password it shall be, as far as that is known
 */
export function startStrengthMeter(input, username) {
  const element = fromTemplate("strength", HTMLElement);
  const meter = find(element, "meter", HTMLMeterElement);
  const words = findElement(element, "p");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const update = () => {
    clearTimeout(timer);
    element.hidden = input.value === "" || input.getAttribute("autocomplete") !== "new-password";
    if (element.hidden) return;
    const { level, why } = strengthOf(input.value, username());
    meter.value = level;
    timer = setTimeout(() => setText(words, why ?? LEVELS[level]), PAUSE_MS);
  };
  input.addEventListener("input", update);
  findElement(/** @type {HTMLElement} */ (input.closest(".field")), ".joined").after(element);
  return update;
}
