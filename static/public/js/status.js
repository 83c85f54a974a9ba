// What the page has to tell, in one place that screen readers announce.

import { Problem, SignedOut, Unreachable } from "./api.js";
import { has, setText } from "./i18n.js";

const toast = document.getElementById("toast");
const status = document.getElementById("status");
const action = document.getElementById("status-action");
const close = document.getElementById("status-close");

/** Long enough to read twice. */
const SHOWN_MS = 6000;
let timer = 0;
let act = null;

/** Tells good news, and takes it away after a while. `undo` is offered as a button. */
export function say(key, { undo } = {}) {
  show(key, "news", undo);
  timer = setTimeout(hush, SHOWN_MS);
}

/** Tells what went wrong, an error or a key of the catalogs, until it is closed or there is other news. */
export function complain(error) {
  if (error instanceof SignedOut) return; // The sign-in form says so already.
  const foreseen = typeof error === "string" || error instanceof Problem || error instanceof Unreachable;
  if (!foreseen) console.error(error);
  show(keyOf(error), "trouble");
}

/** The words for an error, as a key of the catalogs. */
export function keyOf(error) {
  if (typeof error === "string") return error;
  if (error instanceof Unreachable) return navigator.onLine ? "problem.unreachable" : "offline";
  return has(`problem.${error.slug}`) ? `problem.${error.slug}` : "problem.unknown";
}

export function hush() {
  show(null, "");
}

function show(key, kind, undo) {
  clearTimeout(timer);
  act = undo ?? null;
  toast.className = `toast ${kind}`;
  setText(status, key);
  setText(action, undo ? "undo" : null);
  action.hidden = !undo;
  close.hidden = !key;
}

close.addEventListener("click", hush);
action.addEventListener("click", () => {
  const undo = act;
  hush();
  undo?.();
});
