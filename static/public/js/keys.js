// The keys that work everywhere but in a text: to search, to write, and to move among the memos.

import { undoLast } from "./screens/toast/toast.js";

/** @typedef {import("./screens/pad/memo-card.js").MemoCard} MemoCard */
/** What keys can do.
 * @typedef {{search: () => void, compose: () => void, help: () => void, cards: () => MemoCard[], clear: () => boolean}} Actions */

/** @param {Actions} actions */
export function startKeys(actions) {
  /** @type {MemoCard | null} */
  let last = null;
  /** The card that has the focus, or had it last. */
  const current = () => {
    const focused = document.activeElement?.closest("memo-card");
    const card = /** @type {MemoCard | null} */ (focused ?? last);
    return card && actions.cards().includes(card) ? card : null;
  };
  /** @param {number} by */
  const move = (by) => {
    const cards = actions.cards();
    const card = current();
    last = cards[card ? Math.min(Math.max(cards.indexOf(card) + by, 0), cards.length - 1) : 0] ?? null;
    last?.focus();
    last?.scrollIntoView({ block: "nearest" });
  };
  /** @type {Record<string, () => unknown>} */
  const keys = {
    "/": actions.search,
    "?": actions.help,
    n: actions.compose,
    j: () => move(1),
    k: () => move(-1),
    e: () => current()?.edit(),
    x: () => current()?.select(),
    z: undoLast,
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isBusyElsewhere(event)) return;
    if (event.key === "Escape" && actions.clear()) event.preventDefault();
    const key = keyOf(event);
    const act = keys[key];
    if (!act || (event.shiftKey && /[a-z]/u.test(key))) return;
    event.preventDefault(); // The letter belongs to no field that gets the focus now.
    act();
  });
}

/** A letter by its place where another script is typed: ㅜ is on the key of n.
 * @param {KeyboardEvent} event */
function keyOf({ key, code }) {
  if (/^[ -~]$/u.test(key)) return key.toLowerCase();
  return /^Key([A-Z])$/u.exec(code)?.[1].toLowerCase() ?? "";
}

/** Whether the key belongs to a field, to the system, or to what is open in front of the page.
 * @param {KeyboardEvent} event */
function isBusyElsewhere({ target, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return true;
  const field = "input:not([type=checkbox]), textarea, select, [contenteditable]";
  if (target instanceof Element && target.closest(field)) return true;
  return document.querySelector("dialog[open], [role=menu]") !== null;
}
