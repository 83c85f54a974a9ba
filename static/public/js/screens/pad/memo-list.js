// <memo-list>: the cards of a list of memos, as many as one has scrolled to, the pinned ones above; or the card of one memo alone.

import { memos, selection, workspace } from "../../data/stores.js";
import { findButton, findElement } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { placeCards, withEdited } from "./card-order.js";
import { createCard } from "./memo-card.js";

/** @typedef {import("./memo-card.js").MemoCard} MemoCard */
/** @typedef {import("../../data/view.js").View} View */
/** @typedef {import("../../lib/error-text.js").Text} Text */
/** What is shown: a list, with what is said when it is empty; or one memo.
 * @typedef {{view: View | null, only: string | null, empty: Text}} Shown */

/** So many cards that are not to be seen are kept, with what they have rendered. */
const HIDDEN_MAX = 200;
/** How far below the window the next page is asked for. */
const AHEAD = "900px";

export class MemoList extends HTMLElement {
  #pinned = findElement(this, ".pinned-memos");
  #others = findElement(this, ".other-memos");
  #empty = findElement(this, ".empty");
  #looking = findElement(this, ".looking");
  #more = findButton(this, "#load-more");
  /** A card per memo that was shown so far: one that is not to be seen keeps what is being written in it.
   * @type {Map<string, MemoCard>} */
  #cards = new Map();
  /** The ids of the list, and of what is being edited in it though it is gone.
   * @type {string[]} */
  #order = [];
  /** @type {Shown} */
  #shown = { view: null, only: null, empty: { key: "noMemos" } };
  #end = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && this.#showMore(), {
    rootMargin: AHEAD,
  });

  constructor() {
    super();
    this.#more.addEventListener("click", () => this.#showMore());
    memos.addEventListener("clear", () => this.#cards.clear());
    memos.addEventListener("change", () => this.#render());
    workspace.addEventListener("change", () => this.#showWhere());
    selection.addEventListener("change", () => this.#showSelection());
    this.addEventListener("edit-end", () => this.#render());
  }

  /** @param {Shown} shown */
  show(shown) {
    if (shown.view !== this.#shown.view) this.#order = [];
    this.#shown = shown;
    this.#render();
  }

  /** @param {string} id */
  isEditing(id) {
    return this.#cards.get(id)?.isEditing ?? false;
  }

  /** The cards as they stand, from the top. */
  get cards() {
    return /** @type {MemoCard[]} */ ([...this.#pinned.children, ...this.#others.children]);
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
    const { view, only } = this.#shown;
    this.#order = withEdited(this.#order, view?.ids ?? [], (id) => this.isEditing(id));
    const ids = only === null ? this.#order : [only];
    const cards = ids.map((id) => this.#card(id)).filter((card) => card !== null);
    for (const card of cards) {
      card.isAlone = only !== null;
      card.search = view?.query.q ?? "";
    }
    const isPinnedAbove = view !== null && view.query.state === "active" && view.query.q === "";
    const isAbove = (/** @type {MemoCard} */ card) => isPinnedAbove && card.memo?.pinned === true;
    placeCards([
      [this.#pinned, cards.filter(isAbove)],
      [this.#others, cards.filter((card) => !isAbove(card))],
    ]);
    this.#forgetHidden();
    this.#showState();
    this.#showSelection();
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

  #forgetHidden() {
    for (const [id, card] of this.#cards) {
      if (this.#cards.size <= this.cards.length + HIDDEN_MAX) return;
      if (!card.isConnected && !card.isEditing) this.#cards.delete(id);
    }
  }

  #showSelection() {
    if (this.#shown.only === null) selection.keepOnly(this.#order);
    for (const card of this.cards) card.isSelected = selection.has(card.memo?.id ?? "");
    document.documentElement.toggleAttribute("data-selecting", selection.size > 0);
  }

  /** The state of all may change while none of them does. */
  #showWhere() {
    for (const card of this.cards) card.showState();
    this.#showState();
  }

  /** Says what is there beside the cards: nothing, or more, or that not everything has come yet. */
  #showState() {
    const { view, only, empty } = this.#shown;
    const isList = only === null;
    const isEmpty = isList && this.#order.length === 0;
    const isComing = isEmpty && view !== null && !(workspace.owner ? memos.isWhole : memos.isLoaded);
    const hasPinned = this.#pinned.childElementCount > 0;
    findElement(this, "#pinned-heading").hidden = !hasPinned;
    findElement(this, "#others-heading").hidden = !hasPinned || this.#others.childElementCount === 0;
    this.ariaBusy = String(isComing);
    this.#empty.hidden = !isEmpty || isComing;
    setText(this.#empty, empty.key, empty.params);
    this.#looking.hidden = !isComing || !memos.isLoaded; // What this device has is there in a moment.
    this.#more.hidden = !isList || !view?.hasMore;
    this.#end.disconnect();
    if (!this.#more.hidden) this.#end.observe(this.#more); // Tells at once when it is in sight already.
  }

  #showMore() {
    this.#shown.view?.showMore();
    this.#render();
  }
}

customElements.define("memo-list", MemoList);
