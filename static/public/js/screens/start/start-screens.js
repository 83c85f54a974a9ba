// What is to be seen before it is known who is signed in: a moment's patience, or that the server does not answer.

import { Unreachable } from "../../lib/api.js";
import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";

export const createOpeningScreen = () => fromTemplate("opening-screen", HTMLElement);

/** @param {unknown} error @param {() => void} onTryAgain */
export function createUnreachableScreen(error, onTryAgain) {
  const screen = fromTemplate("unreachable-screen", HTMLElement);
  const { key, params } = error instanceof Unreachable ? { key: /** @type {const} */ ("needsServer"), params: {} } : textOf(error);
  setText(findElement(screen, ".why"), key, params);
  findButton(screen, "#try-again").addEventListener("click", onTryAgain);
  return screen;
}
