// One list of memos: what a query finds among those of this device. As many are shown as somebody has scrolled to.

import { hasTag, newestFirst, stateOf, textTest } from "./query.js";

/** @typedef {import("./memos.js").LocalMemo} LocalMemo */
/** @typedef {import("./query.js").Query} Query */
/** What a view needs of the store: all memos, and a number that changes with them.
 * @typedef {{revision: number, all: () => Iterable<LocalMemo>}} Shelf */

const PAGE_SIZE = 20;

export class View {
  #shelf;
  #fits;
  #limit = PAGE_SIZE;
  /** @type {{revision: number, ids: string[]}} */
  #last = { revision: -1, ids: [] };

  /** @param {Query} query @param {Shelf} shelf */
  constructor(query, shelf) {
    this.query = query;
    this.#shelf = shelf;
    this.#fits = textTest(query);
  }

  /** The ids of all that belongs here, newest first. */
  get found() {
    const { revision } = this.#shelf;
    if (this.#last.revision !== revision) {
      const memos = Array.from(this.#shelf.all()).filter((memo) => this.#shows(memo));
      this.#last = { revision, ids: memos.sort(newestFirst).map(({ id }) => id) };
    }
    return this.#last.ids;
  }

  /** Those of them that are shown. @returns {string[]} */
  get ids() {
    return this.found.slice(0, this.#limit);
  }

  get hasMore() {
    return this.found.length > this.#limit;
  }

  /** Shows a page more. */
  showMore() {
    this.#limit += PAGE_SIZE;
  }

  /** @param {LocalMemo} memo */
  #shows(memo) {
    const { state, tag } = this.query;
    return stateOf(memo) === state && (tag === "" || hasTag(memo, tag)) && this.#fits(memo);
  }
}
