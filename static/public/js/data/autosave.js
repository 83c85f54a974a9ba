// Saves a memo while it is being written: after a pause, each time as a change of the version that it got last.

import { isProblem, Problem, SignedOut, Unreachable } from "../lib/api.js";
import { textOf } from "../lib/error-text.js";
import { validateMemo } from "../lib/text.js";

/** @typedef {import("./memo-service.js").Memo} Memo */
/** @typedef {import("../lib/error-text.js").Text} Text */
/**
 * What has become of what was written: `saved`; `saving`, or about to; `kept` on this device until the server answers;
 * `failed`, for the reason, and kept on this device; `unkept`: neither saved nor kept; `conflict`: to be decided.
 * @typedef {{kind: "saved" | "saving" | "kept" | "failed" | "unkept" | "conflict", reason?: Text}} State
 */
/**
 * @typedef {object} World
 * @property {Pick<import("./memos.js").MemoStore, "save" | "read">} memos
 * @property {Pick<import("./drafts.js").Drafts, "set" | "delete">} drafts
 * @property {number} [pause] how long nothing is written before it is saved, in milliseconds
 * @property {(error: unknown) => Text} [explain] puts an error into words
 * @property {number[]} [retries] how long to wait, in milliseconds, before trying again; the last one from then on
 */

const PAUSE_MS = 1500;
const RETRY_MS = [5000, 10_000, 20_000, 40_000, 60_000];

/** Whether it may succeed later, as it is.
 * @param {unknown} error */
const isPassing = (error) =>
  error instanceof Unreachable ||
  (error instanceof Problem && (error.status >= 500 || ["too-many-requests", "conflict"].includes(error.slug)));

/** Fires `state` when the state has changed, and `conflict` with the memo as it was saved elsewhere, or null where it is
 * gone. */
export class Autosave extends EventTarget {
  /** @type {State} */
  #state = { kind: "saved" };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<boolean> | null} */
  #saving = null;
  #failures = 0;
  #isKept = true;
  #isStopped = false;
  #id;
  #version;
  #saved;
  #text;
  #memos;
  #drafts;
  #pause;
  #retries;
  #explain;

  /**
   * @param {Memo} memo as the server last told it
   * @param {import("./drafts.js").Draft} draft what its author goes on from
   * @param {World} world
   */
  constructor(memo, draft, { memos, drafts, pause = PAUSE_MS, retries = RETRY_MS, explain = textOf }) {
    super();
    this.#memos = memos;
    this.#drafts = drafts;
    this.#pause = pause;
    this.#retries = retries;
    this.#explain = explain;
    this.#id = memo.id;
    this.#version = draft.version ?? memo.version;
    /** The text that is saved as far as is known; a draft of an older version is a change of another text. */
    this.#saved = this.#version === memo.version ? memo.text : null;
    this.#text = this.#saved ?? memo.text;
    if (this.#saved !== draft.text) this.write(draft.text);
  }

  /** What has become of what was written. */
  get state() {
    return this.#state;
  }

  /** The version that the text is a change of. */
  get version() {
    return this.#version;
  }

  /** Whether nothing would be lost if the page went away, server and all. */
  get isSaved() {
    return this.#text === this.#saved;
  }

  /** The text has become this.
   * @param {string} text */
  write(text) {
    if (this.#isStopped) return;
    this.#text = text;
    if (this.isSaved && !this.#saving) this.#drafts.delete(this.#id);
    else this.#isKept = this.#drafts.set(this.#id, { text, version: this.#version });
    if (this.#state.kind === "conflict") return;
    if (this.isSaved && !this.#saving) this.#tell({ kind: "saved" });
    else if (!["kept", "unkept"].includes(this.#state.kind)) this.#tell({ kind: "saving" });
    this.#saveIn(this.#pause);
  }

  /** Saves what is not saved yet. Tells whether all of it is.
   * @returns {Promise<boolean>} */
  async flush() {
    clearTimeout(this.#timer);
    // What is written while this waits is saved as well.
    while (!this.#isStopped && this.#state.kind !== "conflict" && !(this.isSaved && !this.#saving)) {
      if (!(await this.#saveOnce())) return false;
    }
    return this.isSaved;
  }

  /** Makes the text a change of that version, which its author has seen, and saves it.
   * @param {number} version */
  keepOver(version) {
    this.#version = version;
    this.#saved = null;
    this.#tell({ kind: "saving" });
    return this.flush();
  }

  /** Ends. What is not saved stays as it is kept. */
  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** @param {number} wait */
  #saveIn(wait) {
    clearTimeout(this.#timer);
    if (this.isSaved || this.#isStopped) return;
    this.#timer = setTimeout(async () => {
      const isDone = await this.#saveOnce();
      if (isDone) this.#saveIn(this.#pause); // What was written meanwhile.
    }, wait);
  }

  /** One request at a time: the next one is a change of what this one gets. */
  #saveOnce() {
    this.#saving ??= this.#save().finally(() => (this.#saving = null));
    return this.#saving;
  }

  async #save() {
    const text = this.#text;
    const invalid = validateMemo(text);
    if (invalid) {
      this.#tell(this.#isKept ? { kind: "failed", reason: invalid } : { kind: "unkept", reason: invalid });
      return false;
    }
    if (this.#state.kind !== "kept") this.#tell({ kind: "saving" }); // Trying again changes nothing yet.
    try {
      const memo = await this.#memos.save({ id: this.#id, version: this.#version }, text);
      this.#learn(memo);
      return true;
    } catch (error) {
      return this.#isStopped ? false : this.#onError(error, text);
    }
  }

  /** @param {Memo} memo as the server has saved it just now */
  #learn(memo) {
    this.#failures = 0;
    this.#version = memo.version;
    this.#saved = memo.text;
    if (this.#isStopped) return;
    if (this.isSaved) {
      this.#drafts.delete(this.#id);
      this.#tell({ kind: "saved" });
    } else this.#isKept = this.#drafts.set(this.#id, { text: this.#text, version: this.#version });
  }

  /** @param {unknown} error @param {string} text what could not be saved @returns {Promise<boolean>} */
  async #onError(error, text) {
    if (error instanceof SignedOut) return false; // The sign-in form says so, and the draft waits.
    if (isProblem(error, "stale-version")) return this.#meetTheirs(text);
    if (isProblem(error, "not-found") || isProblem(error, "in-trash")) return this.#conflict(null);
    const reason = this.#explain(error);
    if (!this.#isKept) this.#tell({ kind: "unkept", reason });
    else this.#tell(isPassing(error) ? { kind: "kept" } : { kind: "failed", reason });
    if (!isPassing(error)) return false;
    const wait = this.#retries[Math.min(this.#failures, this.#retries.length - 1)];
    const told = error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0;
    this.#failures += 1;
    this.#saveIn(Math.max(wait, told));
    return false;
  }

  /** @param {string} text */
  async #meetTheirs(text) {
    try {
      const theirs = await this.#memos.read(this.#id);
      if (this.#isStopped) return false;
      if (theirs.trashed_at) return this.#conflict(null);
      if (theirs.text !== text) return this.#conflict(theirs);
      this.#learn(theirs); // Our own change, whose answer got lost on the way.
      return true;
    } catch (error) {
      return this.#onError(error, text);
    }
  }

  /** @param {Memo | null} theirs */
  #conflict(theirs) {
    this.#tell({ kind: "conflict" });
    this.dispatchEvent(new CustomEvent("conflict", { detail: theirs }));
    return false;
  }

  /** @param {State} state */
  #tell(state) {
    this.#state = state;
    this.dispatchEvent(new Event("state"));
  }
}
