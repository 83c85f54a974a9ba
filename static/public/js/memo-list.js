// <memo-list>: the memos, newest first, a page at a time.

import { SignedOut } from "./api.js";
import { setText } from "./i18n.js";
import { cardFor } from "./memo-card.js";
import { list } from "./memos.js";
import { complain, keyOf } from "./status.js";

class MemoList extends HTMLElement {
  #cards = this.querySelector(".memos");
  #empty = this.querySelector(".empty");
  #failed = this.querySelector(".failed");
  #more = this.querySelector("#load-more");
  #cursor = null;
  /** The load under way, or null. */
  #loading = null;
  /** How often this tab has changed what is shown. */
  #changes = 0;

  connectedCallback() {
    this.#more.addEventListener("click", () => this.#load());
    this.addEventListener("memo-deleted", () => {
      this.#changes += 1;
      this.#settle();
      // Not to the pad: on a phone that would raise the keyboard.
      this.querySelector("h2").focus();
    });
    this.addEventListener("memo-created", ({ detail }) => this.add(detail));
  }

  /** Empty, as for somebody else. */
  clear() {
    this.#changes += 1;
    this.#loading = null;
    this.#cards.replaceChildren();
    this.#cursor = null;
    for (const part of [this.#empty, this.#failed, this.#more]) part.hidden = true;
  }

  /** Shows the newest memos. */
  open() {
    this.clear();
    return this.#load();
  }

  /** Puts a new memo on top. */
  add(memo) {
    this.#changes += 1;
    if (!this.#card(memo)) this.#cards.prepend(cardFor(memo));
    this.#settle();
  }

  /** Catches up with what other tabs and devices have done, quietly; what is being edited stays as it is. */
  async refresh() {
    if (this.#loading || !this.#failed.hidden) return;
    const before = this.#changes;
    let page;
    try {
      page = await list();
    } catch {
      return; // Nobody asked for this.
    }
    if (this.#changes !== before) return; // The page is older than what is shown.
    const [first] = this.#cards.children;
    if (first && page.next_cursor && !page.items.some((memo) => this.#card(memo))) {
      this.clear(); // All of it is new, and what lies between is not known.
    }
    this.#removeDeleted(page);
    if (!this.#cards.firstElementChild) this.#cursor = page.next_cursor;
    let above = null;
    for (const memo of page.items) {
      let card = this.#card(memo);
      if (!card) {
        card = cardFor(memo);
        if (above) above.after(card);
        else this.#cards.prepend(card);
      } else if (memo.version > card.memo.version) {
        card.memo = memo;
      }
      above = card;
    }
    this.#settle();
  }

  /** Removes what is shown where the page tells of, yet not on the page. */
  #removeDeleted(page) {
    const shown = [...this.#cards.children];
    const last = page.next_cursor ? this.#card(page.items.at(-1)) : shown.at(-1);
    const ids = new Set(page.items.map((memo) => memo.id));
    for (const card of shown.slice(0, shown.indexOf(last) + 1)) {
      if (!ids.has(card.dataset.id) && !card.editing) card.remove();
    }
  }

  async #load() {
    if (this.#loading) return;
    const load = list(this.#cursor);
    this.#loading = load;
    this.ariaBusy = "true";
    try {
      const page = await load;
      if (this.#loading !== load) return; // The list is somebody else's by now.
      this.#cards.append(...page.items.filter((memo) => !this.#card(memo)).map(cardFor));
      this.#cursor = page.next_cursor;
      this.#settle();
    } catch (error) {
      if (this.#loading === load) this.#refused(error);
    } finally {
      if (this.#loading === load) this.#loading = null;
      this.ariaBusy = String(this.#loading !== null);
    }
  }

  #card(memo) {
    return memo && [...this.#cards.children].find((card) => card.dataset.id === memo.id);
  }

  #settle() {
    this.#failed.hidden = true;
    this.#empty.hidden = this.#cards.childElementCount > 0;
    this.#more.hidden = this.#cursor === null;
    setText(this.#more, "loadMore");
  }

  #refused(error) {
    if (error instanceof SignedOut) return;
    if (this.#cards.childElementCount > 0) {
      complain(error);
      return;
    }
    setText(this.#failed, keyOf(error));
    this.#failed.hidden = false;
    setText(this.#more, "tryAgain");
    this.#more.hidden = false;
  }
}

customElements.define("memo-list", MemoList);
