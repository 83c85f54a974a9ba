// When it is worth trying again: ever later, and never before the server said.

import { Problem, Unreachable } from "../../lib/api.js";

/** A time to wait for, and how often in a row it came to that.
 * @typedef {{until: number, pause: number, failures: number}} Wait */

/** In milliseconds. */
const FIRST_MS = 1000;
const LAST_MS = 60_000;

export class Patience {
  #now;
  #random;
  /** Nothing is tried.
   * @type {Wait | null} */
  #all = null;
  #isOffline = false;
  /** Memos whose request has to wait while others go on.
   * @type {Map<string, Wait>} */
  #memos = new Map();

  /** @param {{now: () => number, random: () => number}} ports */
  constructor({ now, random }) {
    this.#now = now;
    this.#random = random;
  }

  /** Whether no answer came at all, the last time. */
  get isOffline() {
    return this.#isOffline;
  }

  /** How long nothing is tried, in milliseconds. */
  wait() {
    return this.#left(this.#all);
  }

  /** @param {Problem | Unreachable} error */
  fail(error) {
    this.#isOffline = error instanceof Unreachable;
    const told = error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0;
    this.#all = this.#longer(this.#all, told);
  }

  succeed() {
    this.#isOffline = false;
    this.#all = null;
  }

  /** Everything may be tried. */
  forget() {
    this.succeed();
    this.#memos.clear();
  }

  /** The request of one memo did not go well; it waits for so long at least.
   * @param {string} key @param {number} [least] */
  delay(key, least = 0) {
    this.#memos.set(key, this.#longer(this.#memos.get(key) ?? null, least));
  }

  /** @param {string} key */
  release(key) {
    this.#memos.delete(key);
  }

  /** How long the request of one memo has to wait, in milliseconds.
   * @param {string} key */
  waitOf(key) {
    return this.#left(this.#memos.get(key) ?? null);
  }

  /** A clock that was set back makes nobody wait for longer.
   * @param {Wait | null} wait */
  #left(wait) {
    const left = wait ? wait.until - this.#now() : 0;
    return wait && left <= wait.pause ? Math.max(left, 0) : 0;
  }

  /** Not all at the same moment: between the half and the whole.
   * @param {Wait | null} wait @param {number} least @returns {Wait} */
  #longer(wait, least) {
    const failures = wait?.failures ?? 0;
    const pause = Math.max(least, Math.min(FIRST_MS * 2 ** failures, LAST_MS) * (0.5 + this.#random() / 2));
    return { until: this.#now() + pause, pause, failures: failures + 1 };
  }
}
