// What the page has to tell, in one place that screen readers announce.

import { SignedOut } from "../../lib/api.js";
import { find, findButton, findElement } from "../../lib/dom.js";
import { isExpected, textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";

/** @typedef {import("../../lib/error-text.js").Text} Text */

const toast = findElement(document, "#toast");
const status = find(toast, "#status", HTMLElement);
const action = findButton(toast, "#status-action");
const close = findButton(toast, "#status-close");

/** Long enough to read twice, and to come here by keyboard. */
const SHOWN_MS = 6000;
const UNDO_SHOWN_MS = 10_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {(() => void) | undefined} */
let onAction;
/** Where the focus was before it came here.
 * @type {HTMLElement | null} */
let cameFrom = null;

/**
 * Tells good news, and takes it away after a while; not while the pointer or the focus is on it.
 * @param {Text} text
 * @param {{undo?: () => void, stays?: boolean}} [options] `undo` is offered as a button; what `stays` is told until
 *   there is other news
 */
export function notify(text, { undo, stays = false } = {}) {
  show(text, "news", undo);
  if (!stays) clearLater(undo ? UNDO_SHOWN_MS : SHOWN_MS);
}

/** Tells what is wrong until it is closed or there is other news.
 * @param {Text} text
 * @param {{undo?: () => void}} [options] */
export const notifyTrouble = (text, { undo } = {}) => show(text, "trouble", undo);

/** Tells what went wrong, by its error.
 * @param {unknown} error */
export function notifyError(error) {
  if (error instanceof SignedOut) return; // The sign-in form says so already.
  if (!isExpected(error)) console.error(error);
  notifyTrouble(textOf(error));
}

export const clearToast = () => show(null, "");

/** Undoes what was told last, if that can be undone. Tells whether it could. */
export function undoLast() {
  const undo = onAction;
  clearToast();
  undo?.();
  return undo !== undefined;
}

/** @param {Text | null} text @param {string} kind @param {() => void} [undo] */
function show(text, kind, undo) {
  clearTimeout(timer);
  const hadFocus = toast.contains(document.activeElement);
  onAction = undo;
  toast.className = `toast ${kind}`;
  setText(status, text?.key ?? null, text?.params);
  setText(action, undo ? "undo" : null);
  action.hidden = !undo;
  close.hidden = !text;
  if (hadFocus && !undo) (cameFrom?.isConnected ? cameFrom : document.querySelector("h1"))?.focus();
}

/** @param {number} shown */
function clearLater(shown) {
  clearTimeout(timer);
  const end = () => (toast.matches(":hover, :focus-within") ? clearLater(shown) : clearToast());
  timer = setTimeout(end, shown);
}

close.addEventListener("click", clearToast);
action.addEventListener("click", undoLast);
toast.addEventListener("focusin", ({ relatedTarget }) => {
  if (relatedTarget instanceof HTMLElement && !toast.contains(relatedTarget)) cameFrom = relatedTarget;
});
toast.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) clearToast();
});
