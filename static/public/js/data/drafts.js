// What is being written and not saved yet: survives a reload, and waits for its author through a session that ended.

/** @typedef {{text: string, version?: number, attempt?: string}} Draft */

/** How long other tabs may take to say what they hold. */
const ANSWER_MS = 250;

export class Drafts {
  #storage;
  #owner;
  #tabs;
  /** @type {((count: number) => void) | null} */
  #onAnswer = null;

  /**
   * @param {import("../lib/storage.js").SafeStorage} storage
   * @param {() => string | undefined} owner the id of who is signed in
   * @param {BroadcastChannel} tabs reaches the other tabs
   */
  constructor(storage, owner, tabs) {
    this.#storage = storage;
    this.#owner = owner;
    this.#tabs = tabs;
    tabs.addEventListener("message", ({ data }) => {
      if (data === "how-many") tabs.postMessage(this.#count());
      else this.#onAnswer?.(data);
    });
  }

  /** The draft of that name, or null.
   * @param {string} name
   * @returns {Draft | null} */
  get(name) {
    return JSON.parse(this.#storage.get(this.#key(name)) ?? "null");
  }

  /** @param {string} name @param {Draft} draft */
  set(name, draft) {
    this.#storage.set(this.#key(name), JSON.stringify(draft));
  }

  /** @param {string} name */
  delete(name) {
    this.#storage.remove(this.#key(name));
  }

  /** Deletes all drafts of somebody, who has signed out.
   * @param {string} owner */
  deleteAll(owner) {
    for (const key of this.#storage.keys(`draft/${owner}/`)) this.#storage.remove(key);
  }

  /** How many drafts this tab and the other tabs hold. */
  async countEverywhere() {
    let count = this.#count();
    this.#onAnswer = (theirs) => (count += theirs);
    this.#tabs.postMessage("how-many");
    await new Promise((resume) => setTimeout(resume, ANSWER_MS));
    this.#onAnswer = null;
    return count;
  }

  #count() {
    return this.#storage.keys(this.#key("")).length;
  }

  /** @param {string} name */
  #key(name) {
    return `draft/${this.#owner()}/${name}`;
  }
}
