// Hears at once what happens elsewhere, as long as the page is to be seen. A browser has one stream, however many tabs it
// has: HTTP/1.1 allows six connections in all. The tab that holds a lock has it, and the next one takes over when that tab
// is hidden. Where nothing can be heard, it is asked now and then.

import { Problem, Unreachable } from "../../lib/api.js";
import { eventsOf } from "../../lib/events.js";
import { Patience } from "../sync/patience.js";

/** Opens the stream of what happens after `cursor`.
 * @typedef {(cursor: string, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>} Open */
/** @typedef {import("../sync/engine.js").Change} Change */
/**
 * @typedef {object} Ports
 * @property {Open} listen
 * @property {() => string | null} cursor how far this device has come; null before it has read anything
 * @property {(change: Change) => boolean} isNews
 * @property {() => number} now
 * @property {() => number} random
 */
/**
 * What it tells: that there may be news, that all is as before, and that the server is there again.
 * @typedef {{look: () => void, quiet: () => void, wake: () => void}} Hears
 */

/** How often it is asked for news where nothing is to be heard. */
const POLL_MS = 20_000;
/** The service says something every 20 s. */
const SILENCE_MS = 45_000;
/** A stream that has ended is opened again after so long, and up to twice that: not all at once after a restart. */
const AGAIN_MS = 1000;

export class Listener {
  #ports;
  #hears;
  #patience;
  #lock;
  #locks;
  /** Whether this app has no events at all. */
  #isVain = false;
  #ending = new AbortController();
  /** Ends the turn of this tab.
   * @type {AbortController | null} */
  #turn = null;
  #rouse = () => {};

  /**
   * @param {Ports} ports
   * @param {Hears} hears
   * @param {{lock: string, locks?: LockManager}} world without locks, all tabs that are to be seen have a stream
   */
  constructor(ports, hears, { lock, locks }) {
    this.#ports = ports;
    this.#hears = hears;
    this.#patience = new Patience(ports);
    this.#lock = lock;
    this.#locks = locks;
    document.addEventListener("visibilitychange", () => this.#follow(), { signal: this.#ending.signal });
    this.#follow();
  }

  /** The network is back, or somebody has signed in: it is worth trying. */
  wake() {
    this.#isVain = false;
    this.#patience.forget();
    this.#rouse();
  }

  stop() {
    this.#ending.abort();
    this.#turn?.abort();
  }

  #follow() {
    if (document.hidden) {
      this.#turn?.abort();
      this.#turn = null;
    } else this.#turn ??= this.#begin();
  }

  #begin() {
    const turn = new AbortController();
    const { signal } = turn;
    const attend = () => this.#attend(signal);
    const attending = this.#locks ? this.#locks.request(this.#lock, { signal }, attend) : attend();
    attending.catch(() => {}); // Hidden while it waited for its turn.
    return turn;
  }

  /** @param {AbortSignal} signal */
  async #attend(signal) {
    while (!signal.aborted) {
      const cursor = this.#ports.cursor();
      if (cursor !== null && !this.#isVain && this.#patience.wait() === 0) await this.#listen(cursor, signal);
      if (signal.aborted) return;
      const again = AGAIN_MS * (1 + this.#ports.random());
      await this.#rest(this.#isVain ? POLL_MS : Math.min(Math.max(this.#patience.wait(), again), POLL_MS), signal);
      if (!signal.aborted && cursor !== null) this.#hears.look(); // For what has happened while nobody listened.
    }
  }

  /** Listens as long as the stream lasts. @param {string} cursor @param {AbortSignal} signal */
  async #listen(cursor, signal) {
    const line = new AbortController();
    const end = () => line.abort();
    signal.addEventListener("abort", end);
    let silence = setTimeout(end, SILENCE_MS);
    try {
      const stream = await this.#ports.listen(cursor, line.signal);
      if (this.#patience.isOffline) this.#hears.wake();
      this.#patience.succeed();
      for await (const data of eventsOf(stream)) {
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MS);
        if (data === null) this.#hears.quiet();
        else if (this.#ports.isNews(JSON.parse(data))) this.#hears.look();
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#isVain = error instanceof Problem && error.status === 404;
      this.#patience.fail(error instanceof Problem ? error : new Unreachable());
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
    }
  }

  /** Rests for so long, or until it is worth trying.
   * @param {number} wait in milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
  #rest(wait, signal) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, wait);
      signal.addEventListener("abort", end);
      this.#rouse = end;
    });
  }
}
