// The text of a card: rendered, folded when it is long, with boxes that tick right there.

import { memos } from "../../data/stores.js";
import { stateOf } from "../../data/query.js";
import { foundIn } from "../../lib/chosung.js";
import { findButton, findElement } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { renderMarkdown, toggleTask } from "../../lib/markdown/render.js";
import { isLong } from "../../lib/text-size.js";
import { notifyError } from "../toast/toast.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */

export class CardText {
  /** @type {LocalMemo | null} */
  #memo = null;
  #isAlone = false;
  #q = "";
  #element;
  #unfold;
  /** Ticks come one after the other, each on what the one before has made. */
  #ticks = Promise.resolve();

  /** @param {HTMLElement} card */
  constructor(card) {
    this.#element = findElement(card, ".memo-text");
    this.#unfold = findButton(card, ".unfold");
    this.#unfold.addEventListener("click", () => this.#fold(!card.classList.contains("folded")));
    // What has the focus is to be seen.
    this.#element.addEventListener("focusin", () => card.classList.contains("folded") && this.#fold(false));
  }

  /** @param {LocalMemo} memo */
  show(memo) {
    const isNew = this.#memo?.text !== memo.text || this.#memo.trashed_at !== memo.trashed_at;
    const isOther = this.#memo?.id !== memo.id;
    this.#memo = memo;
    if (isNew) this.#render();
    if (isNew) this.#fold(isOther || this.#isFolded);
  }

  /** @param {boolean} isAlone */
  set isAlone(isAlone) {
    if (this.#isAlone === isAlone) return;
    this.#isAlone = isAlone;
    this.#fold(true);
  }

  /** What was searched for, to be marked. @param {string} q */
  set search(q) {
    if (this.#q === q) return;
    this.#q = q;
    this.#render();
  }

  #render() {
    const memo = this.#memo;
    if (!memo) return;
    const boxes = () => [...this.#element.querySelectorAll("input")];
    const focused = boxes().findIndex((box) => box === document.activeElement);
    const onTick = stateOf(memo) === "trashed" ? undefined : (/** @type {number} */ index) => this.#tick(index);
    this.#element.replaceChildren(renderMarkdown(memo.text, { onTick, marks: foundIn(memo.text, this.#q) }));
    boxes()[focused]?.focus({ preventScroll: true });
  }

  get #isFolded() {
    return this.#unfold.ariaExpanded === "false";
  }

  /** @param {boolean} isFolded */
  #fold(isFolded) {
    const isFoldable = isLong(this.#memo?.text ?? "") && !this.#isAlone;
    this.#unfold.hidden = !isFoldable;
    this.#element.closest(".memo")?.classList.toggle("folded", isFoldable && isFolded);
    this.#unfold.ariaExpanded = String(!isFolded);
    setText(this.#unfold, isFolded ? "showAll" : "showLess");
  }

  /** @param {number} index of the box */
  #tick(index) {
    const id = this.#memo?.id ?? "";
    this.#ticks = this.#ticks.then(() => tick(id, index)).then(() => this.#render());
  }
}

/** Saves that a box was ticked or cleared. @param {string} id @param {number} index */
async function tick(id, index) {
  const memo = memos.get(id);
  if (memo) await memos.save(id, toggleTask(memo.text, index), memo.text).catch(notifyError);
}
