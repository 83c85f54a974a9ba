// Keeps this device and the server together as long as the page is open. One tab does it, and tells the others how it
// stands.

import { Engine } from "../sync/engine.js";
import { Listener } from "./listener.js";

/** @typedef {import("../sync/engine.js").Standing} Standing */
/**
 * How it stands: as the engine says; `starting` before anything is known, and `full` where this device has no room for what
 * comes; and since when all is together.
 * @typedef {{phase: Standing["phase"] | "starting" | "full", since: number | null}} State
 */
/** What tabs tell each other: how it stands, a question for that, that it is worth trying again, that there may be news, or
 * that there are none.
 * @typedef {{state?: State, asks?: boolean, wakes?: boolean, looks?: boolean, quiet?: boolean}} Message */

/** How often it is asked for news while nobody looks, and in case that something was not heard. */
const POLL_MS = 5 * 60_000;
/** What went wrong is tried again after so long, where the engine does not know better. */
const AGAIN_MS = 20_000;

/** Fires `change` when it stands otherwise. */
export class SyncLoop extends EventTarget {
  /** @type {State} */
  #state = { phase: "starting", since: null };
  #engine;
  #listener;
  #tabs;
  #isStopped = false;
  #isLeader = false;
  /** Ends the rest that the loop takes.
   * @type {() => void} */
  #rouse = () => {};
  #listening = new AbortController();

  /**
   * @param {import("../sync/engine.js").Ports & {storage: import("./local-memos.js").LocalMemos,
   *   api: {listen: import("./listener.js").Open}}} ports
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
    this.#post({ asks: true });
    if (!locks) this.#lead();
    else locks.request(name, { signal }, () => this.#lead()).catch(() => {}); // Stopped while it waited.
    this.#listener = new Listener(listening(ports), this.#hears(), { lock: `${name}/events`, locks });
  }

  get state() {
    return this.#state;
  }

  /** What waits may be tried: the network is back, or somebody has signed in, or asked for it. */
  wake() {
    this.#post({ wakes: true });
    this.#wake();
  }

  /** There may be news. */
  look() {
    this.#post({ looks: true });
    this.#look();
  }

  /** There is something to send. */
  nudge() {
    this.#rouse();
  }

  stop() {
    this.#isStopped = true;
    this.#listening.abort();
    this.#listener.stop();
    this.#rouse();
    this.#tabs.close();
  }

  #wake() {
    this.#engine.wake();
    this.#listener.wake();
    this.#rouse();
  }

  #look() {
    this.#engine.look();
    this.#rouse();
  }

  /** The other side is there, and has nothing to tell: all is together still. */
  #confirm() {
    if (this.#isLeader && this.#state.phase === "resting") this.#tell({ phase: "resting" });
  }

  /** What comes of what is heard, wherever the engine runs. @returns {import("./listener.js").Hears} */
  #hears() {
    return {
      look: () => this.look(),
      wake: () => this.wake(),
      quiet: () => {
        this.#post({ quiet: true });
        this.#confirm();
      },
    };
  }

  async #lead() {
    this.#isLeader = true;
    while (!this.#isStopped) {
      const standing = await this.#step();
      this.#tell(standing);
      if (standing.phase === "working" || this.#isStopped) continue;
      const longest = standing.phase === "resting" ? POLL_MS : AGAIN_MS;
      const isPolled = await this.#rest(Math.min(standing.wait ?? longest, longest));
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
      return { phase: isFull ? "full" : "troubled", wait: AGAIN_MS };
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
    if (isOther) this.#post({ state: this.#state });
  }

  /** @param {State} state */
  #set(state) {
    this.#state = state;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Message} message */
  #hear({ state, asks, wakes, looks, quiet }) {
    if (state && !this.#isLeader) this.#set(state);
    if (asks && this.#isLeader) this.#post({ state: this.#state });
    if (wakes) this.#wake();
    if (looks) this.#look();
    if (quiet) this.#confirm();
  }

  /** @param {Message} message */
  #post(message) {
    this.#tabs.postMessage(message);
  }
}

/** @param {ConstructorParameters<typeof SyncLoop>[0]} ports @returns {import("./listener.js").Ports} */
function listening({ storage, api, now, random }) {
  return {
    listen: api.listen,
    cursor: () => storage.place().cursor,
    isNews: ({ id, version, deleted }) => {
      const record = storage.get(id);
      return deleted ? record !== null : (record?.base?.version ?? 0) < version;
    },
    now,
    random,
  };
}
