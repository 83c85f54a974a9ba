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

/** Long enough to read twice. */
const SHOWN_MS = 6000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {(() => void) | undefined} */
let onAction;

/**
 * Tells good news, and takes it away after a while; not while the pointer or the focus is on it.
 * @param {Text} text
 * @param {{undo?: () => void}} [options] `undo` is offered as a button
 */
export function notify(text, { undo } = {}) {
  show(text, "news", undo);
  clearLater();
}

/** Tells what is wrong until it is closed or there is other news.
 * @param {Text} text */
export const notifyTrouble = (text) => show(text, "trouble");

/** Tells what went wrong, by its error.
 * @param {unknown} error */
export function notifyError(error) {
  if (error instanceof SignedOut) return; // The sign-in form says so already.
  if (!isExpected(error)) console.error(error);
  notifyTrouble(textOf(error));
}

export const clearToast = () => show(null, "");

/** @param {Text | null} text @param {string} kind @param {() => void} [undo] */
function show(text, kind, undo) {
  clearTimeout(timer);
  onAction = undo;
  toast.className = `toast ${kind}`;
  setText(status, text?.key ?? null, text?.params);
  setText(action, undo ? "undo" : null);
  action.hidden = !undo;
  close.hidden = !text;
}

function clearLater() {
  clearTimeout(timer);
  timer = setTimeout(() => (toast.matches(":hover, :focus-within") ? clearLater() : clearToast()), SHOWN_MS);
}

close.addEventListener("click", clearToast);
action.addEventListener("click", () => {
  const undo = onAction;
  clearToast();
  undo?.();
});
