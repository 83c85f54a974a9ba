// The memos that this tab knows: one place, which the list, the cards and the editors show.

import { isProblem, SignedOut } from "../lib/api.js";

/** @typedef {import("./memo-service.js").Memo} Memo */
/** @typedef {import("./memo-service.js").Page} Page */
/** @typedef {Pick<import("./memo-service.js").MemoService, "list" | "create" | "read" | "update" | "delete">} Service */

/** Fires `change` after every change of what it holds, and `clear` before it when all of it was forgotten. */
export class MemoStore extends EventTarget {
  /** @type {Map<string, Memo>} */
  #memos = new Map();
  /** The ids of the stream, newest first.
   * @type {string[]} */
  #stream = [];
  /** Deleted by this tab, so that a page that was under way does not bring them back.
   * @type {Set<string>} */
  #deleted = new Set();
  /** @type {string | null} */
  #cursor = null;
  /** @type {Promise<Page> | null} */
  #loading = null;
  #isOpen = false;
  /** @type {unknown} */
  #failure = null;
  /** Counts what this tab has changed, and whose memos these are: both make older answers worthless. */
  #changes = 0;
  #service;

  /** @param {Service} service */
  constructor(service) {
    super();
    this.#service = service;
  }

  /** The memo as the server last told it.
   * @param {string} id */
  get(id) {
    return this.#memos.get(id) ?? null;
  }

  /** The ids of the stream, newest first. */
  get stream() {
    return [...this.#stream];
  }

  /** Whether the stream's first page has arrived. */
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
    return this.#cursor !== null;
  }

  /** Forgets everything, as for somebody else. */
  clear() {
    this.#changes += 1;
    this.#loading = null;
    this.#failure = null;
    this.#isOpen = false;
    this.#deleted.clear();
    this.#memos.clear();
    this.#stream = [];
    this.#cursor = null;
    this.dispatchEvent(new Event("clear"));
    this.#changed();
  }

  /** Loads the stream's next page; for an empty store that is the first. */
  async loadMore() {
    if (this.#loading || (this.#isOpen && !this.hasMore)) return;
    const load = this.#service.list(this.#cursor);
    this.#loading = load;
    this.#failure = null;
    this.#changed();
    try {
      const page = await load;
      if (this.#loading !== load) return; // The store is somebody else's by now.
      for (const memo of page.items) {
        if (this.#learn(memo) && !this.#stream.includes(memo.id)) this.#stream.push(memo.id);
      }
      this.#cursor = page.next_cursor;
      this.#isOpen = true;
    } catch (error) {
      if (this.#loading === load && !(error instanceof SignedOut)) this.#failure = error;
    } finally {
      if (this.#loading === load) {
        this.#loading = null;
        this.#changed();
      }
    }
  }

  /** Catches up with what other tabs and devices have done, quietly. */
  async refresh() {
    if (this.#loading || !this.#isOpen) return;
    const before = this.#changes;
    let page;
    try {
      page = await this.#service.list(null);
    } catch {
      return; // Nobody asked for this.
    }
    // A page older than what this tab has changed, or than the end of a list that has grown, is worth nothing.
    if (this.#changes !== before || this.#loading) return;
    const isAllNew = !page.items.some((memo) => this.#stream.includes(memo.id));
    if (isAllNew && page.next_cursor) this.stream.forEach((id) => this.#forget(id)); // What lies between is not known.
    this.#forgetAbsent(page);
    if (this.#stream.length === 0) this.#cursor = page.next_cursor;
    const known = page.items.filter((memo) => this.#learn(memo)).map((memo) => memo.id);
    this.#stream = [...known, ...this.#stream.filter((id) => !known.includes(id))];
    this.#changed();
  }

  /** Saves a new memo. Trying again under the same `attempt` does not make two of it.
   * @param {string} text
   * @param {string} attempt */
  async create(text, attempt) {
    const memo = await this.#service.create(text, attempt);
    this.#changes += 1;
    this.#learn(memo);
    if (!this.#stream.includes(memo.id)) this.#stream.unshift(memo.id);
    this.#changed();
    return memo;
  }

  /** Saves a memo's text if the memo still is at that version.
   * @param {import("./memo-service.js").Version} memo
   * @param {string} text */
  save(memo, text) {
    return this.#keep(memo.id, () => this.#service.update(memo, text));
  }

  /** Reads a memo again, or for the first time.
   * @param {string} id */
  read(id) {
    return this.#keep(id, () => this.#service.read(id));
  }

  /** Deletes a memo if it still is at that version; one that is gone already is deleted as well.
   * @param {import("./memo-service.js").Version} memo */
  async delete(memo) {
    try {
      await this.#service.delete(memo);
    } catch (error) {
      if (!isProblem(error, "not-found")) throw error;
    }
    this.#changes += 1;
    this.#deleted.add(memo.id);
    this.#forget(memo.id);
    this.#changed();
  }

  /** Keeps the memo that `request` gets. One that is no longer there is forgotten, which its error still tells.
   * @param {string} id
   * @param {() => Promise<Memo>} request */
  async #keep(id, request) {
    try {
      const memo = await request();
      this.#changes += 1;
      this.#learn(memo);
      this.#changed();
      return memo;
    } catch (error) {
      if (isProblem(error, "not-found")) {
        this.#changes += 1;
        this.#forget(id);
        this.#changed();
      }
      throw error;
    }
  }

  /** Takes what the server told, unless something newer is known. Tells whether the memo is there.
   * @param {Memo} memo */
  #learn(memo) {
    if (this.#deleted.has(memo.id)) return false;
    const known = this.#memos.get(memo.id);
    if (!known || memo.version > known.version) this.#memos.set(memo.id, memo);
    return true;
  }

  /** Forgets what the stream shows where the page tells of, yet is not on the page.
   * @param {Page} page */
  #forgetAbsent(page) {
    const last = page.items.at(-1);
    const end = page.next_cursor && last ? this.#stream.indexOf(last.id) + 1 : this.#stream.length;
    const ids = new Set(page.items.map((memo) => memo.id));
    for (const id of this.#stream.slice(0, end)) {
      if (!ids.has(id)) this.#forget(id);
    }
  }

  /** @param {string} id */
  #forget(id) {
    this.#memos.delete(id);
    this.#stream = this.#stream.filter((other) => other !== id);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
