// Brings what is on this device and what is on the server together, one step at a time. It may be stopped between any two
// of them, and goes on from what the storage holds.

import { Problem, SignedOut, Unreachable } from "../../lib/api.js";
import { applyPage } from "./feed.js";
import { Outbox } from "./outbox.js";
import { Patience } from "./patience.js";
import { isLeftOver, newPass } from "./place.js";

/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {import("./record.js").Memo} Memo */
/** @typedef {import("./settle.js").Result} Result */
/** A request for one memo. @typedef {{method: "POST" | "PATCH" | "DELETE", id?: string, if_match?: number, body?: object, idempotency_key?: string}} Operation */
/** @typedef {{id: string, version: number, deleted: boolean, memo?: Memo}} Change */
/** @typedef {import("./place.js").Place} Place */
/** What comes of a change of the storage. @typedef {{put?: MemoRecord[], remove?: string[], place?: Place}} Outcome */
/**
 * Where everything is kept. `update` reads the memos of these keys, and writes what `work` makes of them, at once or not at
 * all, and between other changes; `work` must not wait.
 * @typedef {object} Storage
 * @property {() => Iterable<MemoRecord>} all
 * @property {() => Place} place
 * @property {(keys: string[], work: (records: Map<string, MemoRecord>, place: Place) => Outcome) => Promise<void>} update
 */
/**
 * The memo service. Each may throw `Unreachable`, `SignedOut` or a `Problem`; what concerns one operation is in its result.
 * @typedef {object} Api
 * @property {(operations: Operation[]) => Promise<Result[]>} send
 * @property {(cursor: string | null) => Promise<{items: Change[], next: string, more: boolean}>} changes
 * @property {(id: string) => Promise<Memo>} read
 * @property {(id: string, version: number) => Promise<{text: string}>} version
 */
/**
 * How it stands. `working`: call `step` again at once; `resting`: there is nothing to do, or in `wait` milliseconds;
 * `offline` and `troubled`: the server does not answer, or not well, and it is worth trying after `wait`; `signed-out`: when
 * somebody has signed in.
 * @typedef {{phase: "working" | "resting" | "offline" | "troubled" | "signed-out", wait: number | null}} Standing
 */
/** @typedef {{storage: Storage, api: Api, now: () => number, random: () => number, newKey: () => string}} Ports */

export class Engine {
  #ports;
  #outbox;
  #patience;
  #isAtEnd = false;
  #isSignedOut = false;

  /** @param {Ports} ports */
  constructor(ports) {
    this.#ports = ports;
    this.#patience = new Patience(ports);
    this.#outbox = new Outbox(ports, this.#patience);
  }

  /** Whether everything that the server had was read, after the last call of `wake`. */
  get isAtEnd() {
    return this.#isAtEnd;
  }

  /** There may be news, and what had to wait may be tried. */
  wake() {
    this.#isAtEnd = false;
    this.#isSignedOut = false;
    this.#patience.forget();
  }

  /** There may be news. */
  look() {
    this.#isAtEnd = false;
  }

  /** Does the next thing there is to do.
   * @returns {Promise<Standing>} */
  async step() {
    if (this.#isSignedOut) return { phase: "signed-out", wait: null };
    const wait = this.#patience.wait();
    if (wait > 0) return { phase: this.#patience.isOffline ? "offline" : "troubled", wait };
    try {
      const isDone = (await this.#work()) === false;
      this.#patience.succeed();
      return isDone ? { phase: "resting", wait: this.#outbox.wait() } : { phase: "working", wait: 0 };
    } catch (error) {
      return this.#onError(error);
    }
  }

  /** The news come first: they may tell what became of a create that was sent so long ago that the service no longer knows
   * its key. Tells whether there was something to do. */
  async #work() {
    if (!this.#isAtEnd) return this.#follow();
    if (await this.#lookForLeftOver()) return true;
    const isSent = (await this.#outbox.resend()) || (await this.#outbox.send());
    if (isSent && this.#outbox.hasUnanswered()) this.look();
    return isSent;
  }

  /** Reads the next page of the feed. */
  async #follow() {
    const { storage, api, newKey } = this.#ports;
    const before = storage.place();
    let page;
    try {
      page = await api.changes(before.cursor);
    } catch (error) {
      const isLost = error instanceof Problem && (error.status === 410 || error.status === 422) && before.cursor !== null;
      if (!isLost) throw error;
      await storage.update([], (_, place) => (place.cursor === before.cursor ? { place: newPass(place) } : {}));
      return true;
    }
    const carriedOut = await this.#outbox.carriedOut(page.items);
    const ids = new Set(page.items.map(({ id }) => id));
    const records = [...storage.all()];
    const keys = records.filter((record) => (record.id !== null && ids.has(record.id)) || isUnnamed(record));
    let isApplied = false;
    await storage.update([...keys.map(({ key }) => key), ...ids], (found, place) => {
      if (place.cursor !== before.cursor || place.pass !== before.pass) return {}; // Another tab was faster.
      isApplied = true;
      const outcome = applyPage(found, page.items, place, carriedOut, { now: this.#ports.now(), newKey });
      const isMoved = page.next !== place.cursor;
      return isMoved ? { ...outcome, place: { ...place, cursor: page.next } } : outcome;
    });
    this.#isAtEnd = isApplied && !page.more;
    return true;
  }

  /** After everything was read: what was not met is looked for by its name. Tells whether there was something to do. */
  async #lookForLeftOver() {
    const { storage } = this.#ports;
    const place = storage.place();
    if (!place.isAnew) return false;
    for (const record of storage.all()) {
      if (!isLeftOver(record, place)) continue;
      await this.#outbox.look(record);
      return true;
    }
    await storage.update([], (_, now) => (now.pass === place.pass ? { place: { ...now, isAnew: false } } : {}));
    return true;
  }

  /** @param {unknown} error @returns {Standing} */
  #onError(error) {
    if (error instanceof SignedOut || (error instanceof Problem && error.status === 401)) {
      this.#isSignedOut = true;
      return { phase: "signed-out", wait: null };
    }
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    this.#patience.fail(error);
    this.look();
    return { phase: this.#patience.isOffline ? "offline" : "troubled", wait: this.#patience.wait() };
  }
}

/** Whether it may be on the server under a name that is not known yet.
 * @param {MemoRecord} record */
const isUnnamed = ({ id, sending }) => id === null && sending !== null;
