// The memos on this device: what the database holds, in memory, the same in all tabs.

import { START } from "../sync/place.js";
import { statusOf } from "../sync/plan.js";

/** @typedef {import("../sync/engine.js").Outcome} Outcome */
/** @typedef {import("../sync/place.js").Place} Place */
/** @typedef {import("../sync/record.js").MemoRecord} MemoRecord */
/** What tabs tell each other: the keys of what has changed, or that nothing is there any more.
 * @typedef {{changed?: string[], isCleared?: boolean}} Message */

/** Fires `change` when something is not as it was: `detail` holds the keys. Fires `clear` when everything was removed. It is
 * the storage of the engine (`sync/engine.js`). */
export class LocalMemos extends EventTarget {
  /** @type {Map<string, MemoRecord>} */
  #records = new Map();
  /** @type {Map<string, string>} */
  #keys = new Map();
  #place = START;
  #isLoaded = false;
  /** What was changed while all was being read.
   * @type {Set<string> | null} */
  #newer = null;
  #database;
  #tabs;

  /**
   * @param {import("./database.js").Database} database
   * @param {BroadcastChannel} tabs reaches the other tabs of the same person
   */
  constructor(database, tabs) {
    super();
    this.#database = database;
    this.#tabs = tabs;
    tabs.addEventListener("message", ({ data }) => this.#hear(data));
  }

  /** Whether this browser keeps what is written; otherwise it is there as long as the page is open. */
  get isKept() {
    return this.#database.isKept;
  }

  /** Whether all is here that this device has. */
  get isLoaded() {
    return this.#isLoaded;
  }

  /** Reads what is to be seen first, which is there long before the rest. */
  async loadFront() {
    for (const record of await this.#database.front()) this.#put(record);
  }

  /** Reads everything. */
  async load() {
    /** @type {Set<string>} */
    const newer = (this.#newer = new Set());
    const { records, place } = await this.#database.load();
    this.#records.clear();
    for (const record of records) this.#put(record);
    this.#place = place ?? START;
    this.#isLoaded = true;
    this.#newer = null;
    await this.#hear({ changed: [...newer] });
    this.#tell([...this.#records.keys()]);
  }

  /** Keeps what is to be seen first the next time.
   * @param {string[]} keys */
  keepFront(keys) {
    return this.#database.keepFront(keys);
  }

  all() {
    return this.#records.values();
  }

  place() {
    return this.#place;
  }

  /** The memo of that name, be it this device's or the server's.
   * @param {string} name */
  get(name) {
    return this.#records.get(name) ?? this.#records.get(this.#keys.get(name) ?? "") ?? null;
  }

  /** How many memos are not on the server as they are here, and of those, about how many somebody has to decide, and how
   * many the server does not take. */
  count() {
    const counts = { unsaved: 0, conflict: 0, refused: 0 };
    for (const record of this.all()) {
      const status = statusOf(record);
      if (status !== "saved") counts.unsaved += 1;
      if (status === "conflict" || status === "refused") counts[status] += 1;
    }
    return counts;
  }

  /** Changes what is kept, and tells it to all tabs. Rejects where there is no room, and changes nothing then.
   * @param {string[]} keys
   * @param {(records: Map<string, MemoRecord>, place: Place) => Outcome} work */
  async update(keys, work) {
    const outcome = await this.#database.update(keys, (records, place) => work(records, place ?? START));
    const changed = [...(outcome.remove ?? []), ...(outcome.put ?? []).map(({ key }) => key)];
    this.#place = outcome.place ?? this.#place;
    for (const key of changed) this.#newer?.add(key);
    for (const key of outcome.remove ?? []) this.#remove(key);
    for (const record of outcome.put ?? []) this.#put(record);
    if (changed.length === 0 && !outcome.place) return;
    this.#tabs.postMessage(/** @type {Message} */ ({ changed }));
    this.#tell(changed);
  }

  /** Removes everything from this device. */
  async clear() {
    await this.#database.clear();
    this.#tabs.postMessage(/** @type {Message} */ ({ isCleared: true }));
    this.#forget();
  }

  /** Lets go of the database. */
  close() {
    this.#tabs.close();
    this.#database.close();
  }

  /** @param {Message} message */
  async #hear({ changed, isCleared }) {
    if (isCleared) this.#forget();
    if (!changed || changed.length === 0) return;
    for (const key of changed) this.#newer?.add(key);
    const { records, place } = await this.#database.read(changed);
    this.#place = place ?? this.#place;
    const there = new Map(records.map((record) => [record.key, record]));
    for (const key of changed) {
      const record = there.get(key);
      if (record) this.#put(record);
      else this.#remove(key);
    }
    this.#tell(changed);
  }

  /** @param {MemoRecord} record */
  #put(record) {
    this.#records.set(record.key, record);
    if (record.id !== null) this.#keys.set(record.id, record.key);
  }

  /** @param {string} key */
  #remove(key) {
    const id = this.#records.get(key)?.id ?? null;
    if (id !== null && this.#keys.get(id) === key) this.#keys.delete(id);
    this.#records.delete(key);
  }

  #forget() {
    this.#records.clear();
    this.#keys.clear();
    this.#place = START;
    this.dispatchEvent(new Event("clear"));
  }

  /** @param {string[]} keys */
  #tell(keys) {
    this.dispatchEvent(new CustomEvent("change", { detail: keys }));
  }
}
