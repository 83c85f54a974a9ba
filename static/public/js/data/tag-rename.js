// Renaming a tag in all memos: a job that walks them, goes on after a reload, and can be stopped. What is kept for that
// are the two names and how far it has come; no text of a memo.

import { isProblem, Problem, SignedOut, Unreachable } from "../lib/api.js";
import { renameKey } from "./rename-key.js";

/** @typedef {{from: string, to: string, cursor: string | null, done: number, failed: number}} Job */

const WALK_SIZE = 50;

/** Fires `change` at each step, and `end` when all is done; `detail` is the job. */
export class TagRename extends EventTarget {
  #service;
  #store;
  #many;
  #storage;
  #owner;
  #rename;
  #isRunning = false;
  /** @type {unknown} */
  #failure = null;

  /**
   * @param {object} parts
   * @param {Pick<import("./memo-service.js").MemoService, "list">} parts.service
   * @param {import("./memos.js").MemoStore} parts.store
   * @param {import("./many.js").Many} parts.many
   * @param {import("../lib/storage.js").SafeStorage} parts.storage keeps the job
   * @param {() => string | undefined} parts.owner the id of who is signed in
   * @param {(text: string, from: string, to: string) => string} parts.rename
   */
  constructor({ service, store, many, storage, owner, rename }) {
    super();
    this.#service = service;
    this.#store = store;
    this.#many = many;
    this.#storage = storage;
    this.#owner = owner;
    this.#rename = rename;
  }

  /** The job that is not done yet, or null. @returns {Job | null} */
  get job() {
    return JSON.parse(this.#storage.get(this.#key) ?? "null");
  }

  get isRunning() {
    return this.#isRunning;
  }

  /** Why it does not go on, or null. */
  get failure() {
    return this.#failure;
  }

  /** Begins a job, in place of another. @param {string} from @param {string} to */
  start(from, to) {
    this.#keep({ from, to, cursor: null, done: 0, failed: 0 });
    return this.resume();
  }

  /** Goes on with the job, if there is one. */
  async resume() {
    const owner = this.#owner();
    if (this.#isRunning || !owner || !this.job) return;
    this.#isRunning = true;
    this.#failure = null;
    this.#changed();
    try {
      let isDone = false;
      while (!isDone && this.job && this.#owner() === owner) isDone = await this.#step(this.job, owner);
    } catch (error) {
      if (!(error instanceof SignedOut)) this.#failure = error;
    } finally {
      this.#isRunning = false;
      this.#changed();
    }
  }

  /** Ends the job where it is; what is renamed stays so. */
  stop() {
    this.#storage.remove(this.#key);
    this.#changed();
  }

  /** Renames in one page of memos. Tells whether it was the last.
   * @param {Job} job @param {string} owner */
  async #step(job, owner) {
    const { from, to, cursor } = job;
    const page = await this.#page(from, cursor);
    for (const memo of page.items) this.#store.learn(memo);
    // What is in the trash can't be changed; it has the old tag when it comes out again.
    const ids = page.items.filter((memo) => !memo.trashed_at).map((memo) => memo.id);
    const { before, failed } = await this.#many.change(ids, (memo) => {
      const text = this.#rename(memo.text, from, to);
      return text === memo.text ? null : { text };
    });
    if (this.#owner() !== owner || this.job?.from !== from || this.job.to !== to) return false; // Stopped meanwhile.
    const done = job.done + before.size;
    const trouble = [...failed.values()].find(isPassing);
    if (trouble) {
      this.#keep({ ...job, done });
      throw trouble;
    }
    const next = { ...job, cursor: page.next_cursor, done, failed: job.failed + failed.size };
    this.#keep(next);
    if (page.next_cursor !== null) return false;
    this.stop();
    this.dispatchEvent(new CustomEvent("end", { detail: next }));
    return true;
  }

  /** @param {string} tag @param {string | null} cursor */
  async #page(tag, cursor) {
    try {
      return await this.#service.list({ state: "all", tag }, cursor, WALK_SIZE);
    } catch (error) {
      if (cursor === null || !isProblem(error, "invalid-request")) throw error;
      return this.#service.list({ state: "all", tag }, null, WALK_SIZE); // A cursor of long ago: from the top.
    }
  }

  /** @param {Job} job */
  #keep(job) {
    this.#storage.set(this.#key, JSON.stringify(job));
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  get #key() {
    return renameKey(this.#owner());
  }
}

/** Whether the same may go well later. @param {unknown} error */
const isPassing = (error) =>
  error instanceof Unreachable || (error instanceof Problem && (error.status >= 500 || error.status === 429));
