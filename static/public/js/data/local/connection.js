// A connection to one of this browser's databases, as long as the page is there.
//
// A page that goes away lets go of it: in WebKit, what such a page was just doing can keep the database from every page
// that comes after. It is opened again when the page comes back from the browser's memory, or is needed.

const VERSION = 1;
export const MEMOS = "memos";
export const META = "meta";

export class Connection {
  #name;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;
  /** @type {IDBDatabase | null} */
  #database = null;
  #isEnded = false;
  /** Resolves when the page is there. */
  #present = Promise.resolve();
  #listening = new AbortController();

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    const { signal } = this.#listening;
    addEventListener("pagehide", () => this.#leave(), { signal });
  }

  /** The open database. Rejects where the browser has none, or after the end. */
  async open() {
    await this.#present;
    if (this.#isEnded) throw new DOMException("the database is closed", "InvalidStateError");
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  /** Lets go of it for good. */
  end() {
    this.#isEnded = true;
    this.#listening.abort();
    this.#close();
  }

  /** What has begun by now is carried out. */
  #leave() {
    this.#close();
    this.#present = new Promise((resolve) => {
      addEventListener("pageshow", () => resolve(), { once: true, signal: this.#listening.signal });
    });
  }

  #close() {
    this.#database?.close();
    this.#database = null;
    this.#opening = null;
  }

  /** @returns {Promise<IDBDatabase>} */
  #connect() {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(this.#name, VERSION);
      opening.onupgradeneeded = () => {
        this.#database = opening.result; // Who goes away now lets go of it, too.
        opening.result.createObjectStore(MEMOS, { keyPath: "key" });
        opening.result.createObjectStore(META);
      };
      opening.onerror = () => {
        this.#opening = null;
        reject(opening.error);
      };
      opening.onsuccess = () => {
        const database = opening.result;
        this.#database = database;
        // A newer version of the site, in another tab, must not wait for this one.
        database.onversionchange = () => this.end();
        database.onclose = () => this.#close(); // The browser has done it.
        if (this.#isEnded) this.#close();
        resolve(database);
      };
    });
  }
}
