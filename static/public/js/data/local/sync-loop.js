// Keeps this device and the server together as long as the page is open. One tab does it, and tells the others how it
// stands.

import { Engine } from "../sync/engine.js";

/** @typedef {import("../sync/engine.js").Standing} Standing */
/**
 * How it stands: as the engine says; `starting` before anything is known, and `full` where this device has no room for what
 * comes; and since when all is together.
 * @typedef {{phase: Standing["phase"] | "starting" | "full", since: number | null}} State
 */
/** What tabs tell each other: how it stands, a question for that, or that it is worth trying again.
 * @typedef {{state?: State, asks?: boolean, wakes?: boolean}} Message */

/** How often it is asked for news while somebody looks, and while nobody does. */
const POLL_MS = 20_000;
const HIDDEN_MS = 5 * 60_000;

/** Fires `change` when it stands otherwise. */
export class SyncLoop extends EventTarget {
  /** @type {State} */
  #state = { phase: "starting", since: null };
  #engine;
  #tabs;
  #isStopped = false;
  #isLeader = false;
  /** Ends the rest that the loop takes.
   * @type {() => void} */
  #rouse = () => {};
  #listening = new AbortController();

  /**
   * @param {import("../sync/engine.js").Ports} ports
   * @param {{name: string, tabs: BroadcastChannel, locks?: LockManager}} world without locks, all tabs do it
   */
  constructor(ports, { name, tabs, locks }) {
    super();
    this.#engine = new Engine(ports);
    this.#tabs = tabs;
    const { signal } = this.#listening;
    tabs.addEventListener("message", ({ data }) => this.#hear(data), { signal });
    addEventListener("online", () => this.wake(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.look(), { signal });
    tabs.postMessage(/** @type {Message} */ ({ asks: true }));
    if (!locks) this.#lead();
    else locks.request(name, { signal }, () => this.#lead()).catch(() => {}); // Stopped while it waited.
  }

  get state() {
    return this.#state;
  }

  /** What waits may be tried: the network is back, or somebody has signed in, or asked for it. */
  wake() {
    this.#tabs.postMessage(/** @type {Message} */ ({ wakes: true }));
    this.#engine.wake();
    this.#rouse();
  }

  /** There may be news. */
  look() {
    this.#engine.look();
    this.#rouse();
  }

  /** There is something to send. */
  nudge() {
    this.#rouse();
  }

  stop() {
    this.#isStopped = true;
    this.#listening.abort();
    this.#rouse();
    this.#tabs.close();
  }

  async #lead() {
    this.#isLeader = true;
    while (!this.#isStopped) {
      const standing = await this.#step();
      this.#tell(standing);
      if (standing.phase === "working" || this.#isStopped) continue;
      const poll = document.hidden ? HIDDEN_MS : POLL_MS;
      const isPolled = await this.#rest(Math.min(standing.wait ?? poll, poll));
      if (!isPolled) continue;
      if (standing.phase === "resting") this.#engine.look();
      else if (standing.phase === "signed-out") this.#engine.wake(); // It may have been a mistake.
    }
  }

  /** @returns {Promise<{phase: State["phase"], wait: number | null}>} */
  async #step() {
    try {
      return await this.#engine.step();
    } catch (error) {
      const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
      if (!isFull && !this.#isStopped) console.error(error); // A mistake of ours must not stop it for good.
      return { phase: isFull ? "full" : "troubled", wait: POLL_MS };
    }
  }

  /** Rests for so long, or until there is something to do. Tells whether it was so long.
   * @param {number} wait in milliseconds @returns {Promise<boolean>} */
  #rest(wait) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), wait);
      this.#rouse = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }

  /** @param {{phase: State["phase"]}} standing */
  #tell({ phase }) {
    const since = phase === "resting" ? Date.now() : this.#state.since;
    const isOther = phase !== this.#state.phase || since !== this.#state.since;
    this.#set({ phase, since });
    if (isOther) this.#tabs.postMessage(/** @type {Message} */ ({ state: this.#state }));
  }

  /** @param {State} state */
  #set(state) {
    this.#state = state;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Message} message */
  #hear({ state, asks, wakes }) {
    if (state && !this.#isLeader) this.#set(state);
    if (asks && this.#isLeader) this.#tabs.postMessage(/** @type {Message} */ ({ state: this.#state }));
    if (!wakes || !this.#isLeader) return;
    this.#engine.wake();
    this.#rouse();
  }
}
