// <memo-list>: the cards of the memos, newest first, a page at a time; or the card of one memo alone.

import { memos } from "../../data/stores.js";
import { findButton, findElement } from "../../lib/dom.js";
import { textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";
import { notifyError } from "../toast/toast.js";
import { createCard } from "./memo-card.js";

/** @typedef {import("./memo-card.js").MemoCard} MemoCard */

export class MemoList extends HTMLElement {
  #list = findElement(this, ".memos");
  #empty = findElement(this, ".empty");
  #failed = findElement(this, ".failed");
  #more = findButton(this, "#load-more");
  /** A card per memo that was shown so far: one that is not to be seen keeps what is being written in it.
   * @type {Map<string, MemoCard>} */
  #cards = new Map();
  /** The ids of the stream, and of what is being edited in it though it is gone.
   * @type {string[]} */
  #order = [];
  /** @type {string | null} */
  #only = null;
  /** @type {unknown} */
  #toldFailure = null;

  constructor() {
    super();
    this.#more.addEventListener("click", () => memos.loadMore());
    memos.addEventListener("clear", () => this.#cards.clear());
    memos.addEventListener("change", () => this.#render());
    this.addEventListener("edit-end", () => this.#render());
  }

  /** The id of the one memo to show, or null for all.
   * @param {string | null} id */
  set only(id) {
    this.#only = id;
    this.#render();
  }

  /** @param {string} id */
  isEditing(id) {
    return this.#cards.get(id)?.isEditing ?? false;
  }

  /** Moves the focus to a memo, if it is there.
   * @param {string} id */
  focusMemo(id) {
    this.#cards.get(id)?.focus();
  }

  #render() {
    for (const [id, card] of this.#cards) {
      if (!memos.get(id) && !card.isEditing) this.#cards.delete(id);
    }
    this.#order = withEdited(this.#order, memos.stream, (id) => this.isEditing(id));
    const ids = this.#only === null ? this.#order : [this.#only];
    const cards = ids.map((id) => this.#card(id)).filter((card) => card !== null);
    for (const card of cards) card.isAlone = this.#only !== null;
    reconcile(this.#list, cards);
    this.#showState();
  }

  /** @param {string} id */
  #card(id) {
    const memo = memos.get(id);
    const card = this.#cards.get(id) ?? (memo && createCard(memo));
    if (!card) return null;
    if (memo) card.memo = memo;
    this.#cards.set(id, card);
    return card;
  }

  /** Says what is there beside the cards: nothing, more, or that it could not be loaded. */
  #showState() {
    const isAlone = this.#only !== null;
    const { failure } = memos;
    const isFailed = failure !== null && this.#order.length === 0;
    this.ariaBusy = String(memos.isLoading);
    this.#empty.hidden = isAlone || !memos.isOpen || this.#order.length > 0;
    this.#failed.hidden = isAlone || !isFailed;
    this.#more.hidden = isAlone || !(isFailed || memos.hasMore);
    setText(this.#more, isFailed ? "tryAgain" : "loadMore");
    if (isFailed) {
      const { key, params } = textOf(failure);
      setText(this.#failed, key, params);
    } else if (failure !== null && failure !== this.#toldFailure) notifyError(failure);
    this.#toldFailure = failure;
  }
}

/**
 * The ids of `stream`, with those of `before` that are being edited though they are gone, each where it was.
 * @param {string[]} before
 * @param {string[]} stream
 * @param {(id: string) => boolean} isEditing
 */
function withEdited(before, stream, isEditing) {
  const order = [...stream];
  for (const [index, id] of before.entries()) {
    if (order.includes(id) || !isEditing(id)) continue;
    const above = before.slice(0, index).findLast((other) => order.includes(other));
    order.splice(above === undefined ? 0 : order.indexOf(above) + 1, 0, id);
  }
  return order;
}

/**
 * Makes `children` the element's children. Those that stay in their order are not touched, so that the focus, the caret
 * and an input method's composition in them go on.
 * @param {Element} element
 * @param {Element[]} children
 */
function reconcile(element, children) {
  const wanted = new Set(children);
  for (const child of [...element.children]) {
    if (!wanted.has(child)) child.remove();
  }
  for (const [index, child] of children.entries()) {
    if (element.children[index] !== child) element.insertBefore(child, element.children[index] ?? null);
  }
}

customElements.define("memo-list", MemoList);
