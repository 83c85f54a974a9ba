// When it is worth trying again: ever later, and never before the server said.

import { Problem, Unreachable } from "../../lib/api.js";

/** In milliseconds. */
const FIRST_MS = 1000;
const LAST_MS = 60_000;

export class Patience {
  #now;
  #random;
  #failures = 0;
  #until = 0;
  #isOffline = false;
  /** Memos whose request has to wait while others go on.
   * @type {Map<string, {until: number, failures: number}>} */
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

  /** How long nothing is tried, in milliseconds. A clock that was set back makes nobody wait for long. */
  wait() {
    return Math.min(Math.max(this.#until - this.#now(), 0), Math.max(LAST_MS, this.#told));
  }

  #told = 0;

  /** @param {Problem | Unreachable} error */
  fail(error) {
    this.#isOffline = error instanceof Unreachable;
    this.#told = error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0;
    this.#until = this.#now() + this.#pause(this.#failures, this.#told);
    this.#failures += 1;
  }

  succeed() {
    this.#isOffline = false;
    this.#failures = 0;
    this.#until = 0;
  }

  /** Everything may be tried. */
  forget() {
    this.succeed();
    this.#memos.clear();
  }

  /** The request of one memo did not go well.
   * @param {string} key */
  delay(key) {
    const failures = this.#memos.get(key)?.failures ?? 0;
    this.#memos.set(key, { until: this.#now() + this.#pause(failures, 0), failures: failures + 1 });
  }

  /** @param {string} key */
  release(key) {
    this.#memos.delete(key);
  }

  /** How long the request of one memo has to wait, in milliseconds.
   * @param {string} key */
  waitOf(key) {
    return Math.min(Math.max((this.#memos.get(key)?.until ?? 0) - this.#now(), 0), LAST_MS);
  }

  /** Not all at the same moment: between the half and the whole.
   * @param {number} failures @param {number} told */
  #pause(failures, told) {
    return Math.max(told, Math.min(FIRST_MS * 2 ** failures, LAST_MS) * (0.5 + this.#random() / 2));
  }
}
