// The memos that this tab knows: one place, which the lists, the cards and the editors show.

import { isProblem, Problem } from "../lib/api.js";
import { keyOf } from "./query.js";
import { View } from "./view.js";

/** @typedef {import("./memo-service.js").Memo} Memo */
/** @typedef {import("./memo-service.js").Version} Version */
/** @typedef {import("./memo-service.js").Changes} Changes */
/** @typedef {import("./query.js").Query} Query */
/** @typedef {Pick<import("./memo-service.js").MemoService, "list" | "create" | "read" | "change" | "delete" | "restore" | "emptyTrash" | "restoreVersion">} Service */

/** How many lists are kept, so that the way back is short. */
const VIEWS_MAX = 20;
/** How often a change that does not depend on the text is tried on a memo that goes on changing. */
const TRIES = 3;

/** Fires `change` after every change of what it holds, `clear` before it when all of it was forgotten, and `organised` when
 * this tab has changed a memo, which may change its tags. */
export class MemoStore extends EventTarget {
  /** @type {Map<string, Memo>} */
  #memos = new Map();
  /** Deleted for good by this tab, so that a page that was under way does not bring them back.
   * @type {Set<string>} */
  #deleted = new Set();
  /** Made by this tab.
   * @type {Set<string>} */
  #own = new Set();
  /** @type {Map<string, View>} */
  #views = new Map();
  #service;
  /** Counts what this tab has changed: that makes older answers worthless. */
  changes = 0;
  /** Counts every change of what is held. */
  revision = 0;
  /** Counts whose memos these are. */
  #owners = 0;

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

  /** All that is known, in no order. */
  all() {
    return this.#memos.values();
  }

  /** @param {string} id */
  isOwn(id) {
    return this.#own.has(id);
  }

  /** The list of a query: the same one as the last time, with what has come so far.
   * @param {Query} query */
  view(query) {
    const key = keyOf(query);
    const view = this.#views.get(key) ?? new View(query, this);
    this.#views.delete(key);
    this.#views.set(key, view);
    const [oldest] = this.#views.keys();
    if (this.#views.size > VIEWS_MAX) this.#views.delete(oldest);
    return view;
  }

  /** Forgets everything, as for somebody else. */
  clear() {
    this.changes += 1;
    this.#owners += 1;
    for (const view of this.#views.values()) view.rest();
    this.#views.clear();
    this.#deleted.clear();
    this.#own.clear();
    this.#memos.clear();
    this.dispatchEvent(new Event("clear"));
    this.changed();
  }

  /** A page of a list. One that comes when the store is somebody else's already is empty.
   * @param {Query} query
   * @param {string | null} cursor
   * @param {number} limit */
  async list(query, cursor, limit) {
    const owner = this.#owners;
    const page = await this.#service.list(query, cursor, limit);
    return owner === this.#owners ? page : { items: [], next_cursor: null };
  }

  /** Saves a new memo. Trying again under the same `attempt` does not make two of it.
   * @param {string} text
   * @param {string} attempt */
  async create(text, attempt) {
    const memo = await this.#service.create(text, attempt);
    this.#own.add(memo.id);
    this.#keep(memo);
    return memo;
  }

  /** Saves a memo's text if the memo still is at that version.
   * @param {Version} memo
   * @param {string} text */
  save(memo, text) {
    return this.#ask(memo.id, () => this.#service.change(memo, { text }));
  }

  /** Reads a memo again, or for the first time.
   * @param {string} id */
  read(id) {
    return this.#ask(id, () => this.#service.read(id));
  }

  /** Pins, archives and the like: what may be done to whatever version there is by now.
   * @param {string} id
   * @param {Omit<Changes, "text">} changes */
  async set(id, changes) {
    for (let tries = 1; ; tries += 1) {
      const memo = this.get(id) ?? (await this.read(id));
      try {
        return await this.#ask(id, () => this.#service.change(memo, changes));
      } catch (error) {
        if (tries === TRIES || !isProblem(error, "stale-version")) throw error;
      }
    }
  }

  /** Puts a memo into the trash if it still is at that version; one that is gone already is fine as well.
   * @param {Memo} memo */
  async trash(memo) {
    try {
      await this.#ask(memo.id, () => this.#service.delete(memo));
      this.#keep(inTrash(memo));
    } catch (error) {
      if (!isProblem(error, "not-found")) throw error;
    }
  }

  /** Takes a memo out of the trash.
   * @param {string} id */
  restore(id) {
    return this.#ask(id, () => this.#service.restore(id));
  }

  /** Makes the text of a former version the memo's.
   * @param {string} id
   * @param {number} version */
  restoreVersion(id, version) {
    return this.#ask(id, () => this.#service.restoreVersion(id, version));
  }

  /** Deletes a memo of the trash for good; one that is gone already is deleted as well.
   * @param {Memo} memo */
  async delete(memo) {
    try {
      await this.#ask(memo.id, () => this.#service.delete(memo));
    } catch (error) {
      if (!isProblem(error, "not-found")) throw error;
    }
    this.changes += 1;
    this.#deleted.add(memo.id);
    this.forget(memo.id);
    this.changed();
  }

  /** Deletes for good what is in the trash, in as many steps as it takes.
   * @param {(removed: number) => void} onProgress is told how many are gone so far */
  async emptyTrash(onProgress) {
    const trash = this.view({ state: "trashed", tag: "", q: "" });
    let removed = 0;
    try {
      for (let step = await this.#service.emptyTrash(); step; step = await this.#service.emptyTrash(step.next_cursor)) {
        removed += step.removed;
        onProgress(removed);
      }
    } finally {
      this.changes += 1;
      await trash.reload();
    }
  }

  /** Takes what the server told, unless something newer is known.
   * @param {Memo} memo */
  learn(memo) {
    if (this.#deleted.has(memo.id)) return;
    const known = this.#memos.get(memo.id);
    if (known && memo.version <= known.version) return;
    this.#memos.set(memo.id, memo);
    this.revision += 1;
  }

  /** Takes what one operation of many has led to.
   * @param {Memo} memo */
  learnOutcome(memo) {
    this.changes += 1;
    this.learn(memo);
    this.dispatchEvent(new Event("organised"));
  }

  /** @param {string} id */
  forget(id) {
    this.#memos.delete(id);
    this.revision += 1;
  }

  /** Tells everybody who shows something of this. */
  changed() {
    this.revision += 1;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Memo} memo */
  #keep(memo) {
    this.learnOutcome(memo);
    this.changed();
  }

  /** Keeps the memo that `request` gets, or that its refusal tells of. One that is no longer there is forgotten. The
   * error tells either.
   * @template {Memo | null} T
   * @param {string} id
   * @param {() => Promise<T>} request */
  async #ask(id, request) {
    try {
      const memo = await request();
      if (memo) this.#keep(memo);
      return memo;
    } catch (error) {
      const current = error instanceof Problem && error.slug === "stale-version" ? error.members.current : null;
      if (current) this.#keep(current);
      if (isProblem(error, "not-found")) {
        this.changes += 1;
        this.forget(id);
        this.changed();
      }
      // Put there elsewhere; whoever looks at it is to see that.
      if (isProblem(error, "in-trash")) await this.read(id).catch(() => {});
      throw error;
    }
  }
}

/** What the service makes of a memo that it puts into the trash.
 * @param {Memo} memo
 * @returns {Memo} */
export const inTrash = (memo) => ({ ...memo, version: memo.version + 1, trashed_at: new Date().toISOString() });
