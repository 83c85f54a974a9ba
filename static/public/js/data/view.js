// One list of memos: what a query finds, a page at a time.

import { isProblem, SignedOut } from "../lib/api.js";
import { askedOf, hasTag, isNewer, newestFirst, stateOf, textTest } from "./query.js";

/** @typedef {import("./memo-service.js").Memo} Memo */
/** @typedef {import("./memo-service.js").Page} Page */
/** @typedef {import("./query.js").Query} Query */

/**
 * What a view needs of the store that all memos are in.
 * @typedef {object} Shelf
 * @property {number} changes counts what this tab has changed: that makes older answers worthless
 * @property {number} revision counts every change of what the store holds
 * @property {() => Iterable<Memo>} all
 * @property {(id: string) => boolean} isOwn whether this tab has made the memo
 * @property {(memo: Memo) => void} learn
 * @property {(id: string) => void} forget
 * @property {() => void} changed
 * @property {(query: Query, cursor: string | null, limit: number) => Promise<Page>} list
 */

const PAGE_SIZE = 20;
/** Where most of what comes is not what is looked for. */
const WALK_SIZE = 100;

export class View {
  /** What the service itself has found, by version: it may know better than the tests of this page.
   * @type {Map<string, number>} */
  #found = new Map();
  /** The oldest memo that a page has told of: what is older is not shown, as there may be others between.
   * @type {string | null} */
  #frontier = null;
  /** @type {string | null} */
  #cursor = null;
  /** @type {object | null} */
  #loading = null;
  #isOpen = false;
  /** @type {unknown} */
  #failure = null;
  #shelf;
  #fits;
  /** @type {{revision: number, ids: string[]}} */
  #last = { revision: -1, ids: [] };

  /** @param {Query} query @param {Shelf} shelf */
  constructor(query, shelf) {
    this.query = query;
    this.#shelf = shelf;
    this.#fits = textTest(query);
  }

  /** Whether the first page has arrived. */
  get isOpen() {
    return this.#isOpen;
  }

  get isLoading() {
    return this.#loading !== null;
  }

  /** Why the last page did not come, or null. */
  get failure() {
    return this.#failure;
  }

  get hasMore() {
    return !this.#isOpen || this.#cursor !== null;
  }

  /** The ids of what is known and belongs here, newest first. */
  get ids() {
    const { revision } = this.#shelf;
    if (this.#last.revision !== revision) {
      const ids = Array.from(this.#shelf.all()).filter((memo) => this.#shows(memo)).map((memo) => memo.id);
      this.#last = { revision, ids: ids.sort(newestFirst) };
    }
    return this.#last.ids;
  }

  /** Loads on until a page's worth of memos has come or the end is reached. */
  async loadMore() {
    if (this.#loading || !this.hasMore) return;
    const mine = (this.#loading = {});
    this.#failure = null;
    this.#shelf.changed();
    const before = this.ids.length;
    try {
      do {
        const page = await this.#list(this.#cursor);
        if (this.#loading !== mine) return; // Nobody looks any more.
        this.#take(page);
      } while (this.#cursor !== null && this.ids.length < before + PAGE_SIZE);
    } catch (error) {
      if (this.#loading !== mine) return;
      if (!(error instanceof SignedOut)) this.#failure = error;
      if (isProblem(error, "invalid-request") && this.#cursor !== null) {
        this.#cursor = null; // No longer good: from the top.
        this.#isOpen = false;
      }
    } finally {
      if (this.#loading === mine) {
        this.#loading = null;
        this.#shelf.changed();
      }
    }
  }

  /** Stops what is under way: somebody looks elsewhere. */
  rest() {
    this.#loading = null;
  }

  /** Catches up with what other tabs and devices have done, quietly. */
  async refresh() {
    if (this.#loading || !this.#isOpen || this.query.q !== "") return;
    const before = this.#shelf.changes;
    let page;
    try {
      page = await this.#list(null);
    } catch {
      return; // Nobody asked for this.
    }
    // A page older than what this tab has changed, or than the end of a list that has grown, is worth nothing.
    if (this.#shelf.changes !== before || this.#loading) return;
    this.#forgetAbsent(page);
    const isAllNew = page.items.length > 0 && !page.items.some((memo) => this.ids.includes(memo.id));
    if (isAllNew || this.ids.length === 0) {
      // What lies between is not known.
      this.#frontier = null;
      this.#cursor = page.next_cursor;
    }
    this.#learn(page);
    this.#shelf.changed();
  }

  /** Begins anew, without what was known. */
  reload() {
    for (const id of this.ids) this.#shelf.forget(id);
    this.#frontier = this.#cursor = this.#loading = null;
    this.#isOpen = false;
    return this.loadMore();
  }

  /** @param {string | null} cursor */
  #list(cursor) {
    const asked = askedOf(this.query);
    return this.#shelf.list(asked, cursor, asked.q === this.query.q ? PAGE_SIZE : WALK_SIZE);
  }

  /** @param {Page} page */
  #take(page) {
    this.#cursor = page.next_cursor;
    this.#isOpen = true;
    this.#learn(page);
    this.#shelf.changed();
  }

  /** @param {Page} page */
  #learn(page) {
    const isFound = askedOf(this.query).q === this.query.q;
    for (const memo of page.items) {
      this.#shelf.learn(memo);
      if (isFound) this.#found.set(memo.id, memo.version);
      if (this.#frontier === null || isNewer(this.#frontier, memo.id)) this.#frontier = memo.id;
    }
  }

  /** @param {Memo} memo */
  #shows(memo) {
    const { state, tag, q } = this.query;
    if (stateOf(memo) !== state) return false;
    if (this.#found.get(memo.id) !== memo.version && !((tag === "" || hasTag(memo, tag)) && this.#fits(memo))) return false;
    const isReached = this.#frontier !== null && !isNewer(this.#frontier, memo.id);
    return isReached || !this.hasMore || q !== "" || memo.pinned || this.#shelf.isOwn(memo.id);
  }

  /** Forgets what is shown where the page tells of, yet is not on the page.
   * @param {Page} page */
  #forgetAbsent(page) {
    const ids = new Set(page.items.map((memo) => memo.id));
    const last = page.items.at(-1)?.id;
    if (page.next_cursor !== null && last === undefined) return;
    for (const id of this.ids) {
      const isCovered = page.next_cursor === null || (last !== undefined && !isNewer(last, id));
      if (isCovered && !ids.has(id)) this.#shelf.forget(id);
    }
  }
}
