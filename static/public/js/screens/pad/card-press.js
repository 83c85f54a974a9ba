// What a press on a card's text means: a click opens the memo, a double click edits it, a long press on touch selects
// it, and while others are selected a click does so, too.

import { selection } from "../../data/stores.js";

/** How long a second click may take to come. */
const DOUBLE_MS = 250;
const LONG_PRESS_MS = 500;
/** A finger that moves further scrolls. */
const STILL_PX = 10;

/** What has a meaning of its own. */
const OWN = "a, button, input, label, select, textarea, summary";

/**
 * @param {HTMLElement} card
 * @param {{open: () => void, edit: () => void, select: () => void}} actions
 */
export function onPress(card, actions) {
  const text = card.querySelector(".memo-text");
  if (!(text instanceof HTMLElement)) return;
  const wasHeld = onLongPress(card, actions.select);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let opening;
  text.addEventListener("click", (event) => {
    clearTimeout(opening);
    if (wasHeld() || isOwn(event) || hasSelectedText()) return;
    if (selection.size > 0) actions.select();
    else if (event.detail > 1) actions.edit();
    else opening = setTimeout(actions.open, isTouch(event) ? 0 : DOUBLE_MS);
  });
}

/** Tells, until the next press, whether the last one was long.
 * @param {HTMLElement} card @param {() => void} act */
function onLongPress(card, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let [x, y] = [0, 0];
  let isHeld = false;
  const cancel = () => clearTimeout(timer);
  card.addEventListener("pointerdown", (event) => {
    isHeld = false;
    cancel();
    if (!isTouch(event) || !event.isPrimary || isOwn(event)) return;
    [x, y] = [event.clientX, event.clientY];
    timer = setTimeout(() => {
      isHeld = true;
      act();
    }, LONG_PRESS_MS);
  });
  card.addEventListener("pointermove", (event) => {
    if (Math.hypot(event.clientX - x, event.clientY - y) > STILL_PX) cancel();
  });
  for (const end of ["pointerup", "pointercancel"]) card.addEventListener(end, cancel);
  // The system's own menu comes at the same time, and would select a word as well.
  card.addEventListener("contextmenu", (event) => isHeld && event.preventDefault());
  return () => isHeld;
}

/** @param {Event} event */
const isTouch = (event) => event instanceof PointerEvent && event.pointerType !== "mouse" && event.pointerType !== "";
/** @param {Event} event */
const isOwn = (event) => event.target instanceof Element && event.target.closest(OWN) !== null;
const hasSelectedText = () => !(getSelection()?.isCollapsed ?? true);
