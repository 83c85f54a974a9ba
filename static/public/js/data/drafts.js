// What is being written and not saved yet. It lies in the browser's storage, so that it survives a reload, a crash and a
// closed tab, and waits for its author through a session that ended. It is no secret of the session: tokens never lie here.
//
// Every tab writes drafts of its own, so that no tab overwrites what another one holds. A draft whose tab is no longer
// there belongs to the first tab that asks for it; where several are left of one memo, the newest goes first.

/** A text, and the one that it was made from, if there was one. @typedef {{text: string, shown?: string}} Draft */
/** @typedef {Draft & {format: number, at: number, version?: number}} Stored a draft with the time when it was written; those of
 * older versions of the site tell the version of the memo that it is a change of */

/** Another format than this is of another version of the site, and is left alone until it is too old. */
const FORMAT = 1;
/** How many drafts one person may leave behind in this browser, and for how long, in milliseconds. */
const COUNT_MAX = 20;
const AGE_MAX = 90 * 24 * 60 * 60 * 1000;

const TAB = "tab";
/** The name of what is in the pad. */
export const NEW = "new";

const newTab = () => Math.random().toString(36).slice(2, 12);

export class Drafts {
  #storage;
  #tabStorage;
  #owner;
  #tabs;
  /** The name of this tab: a reload keeps it, and so does a copy of the tab, which then takes another. */
  #tab;
  /** The tabs that have said they are there.
   * @type {Set<string>} */
  #alive = new Set();

  /**
   * @param {object} world
   * @param {import("../lib/storage.js").SafeStorage} world.storage the browser's
   * @param {import("../lib/storage.js").SafeStorage} world.tabStorage this tab's
   * @param {() => string | undefined} world.owner the id of who is signed in
   * @param {BroadcastChannel} world.tabs reaches the other tabs
   */
  constructor({ storage, tabStorage, owner, tabs }) {
    this.#storage = storage;
    this.#tabStorage = tabStorage;
    this.#owner = owner;
    this.#tabs = tabs;
    this.#tab = tabStorage.get(TAB) ?? newTab();
    tabStorage.set(TAB, this.#tab);
    this.#takeOver();
    tabs.addEventListener("message", ({ data }) => this.#hear(data));
    tabs.postMessage({ hello: this.#tab });
  }

  /** The draft of that name that this tab wrote, or one that was left behind, or null.
   * @param {string} name
   * @returns {Draft | null} */
  get(name) {
    const own = this.#read(this.#key(name));
    if (own) return own;
    const left = this.#storage
      .keys(this.#prefix(name))
      .filter((key) => !this.#alive.has(tabOf(key)))
      .map((key) => ({ key, draft: this.#read(key) }))
      .filter(({ draft }) => draft !== null)
      .sort((one, other) => (other.draft?.at ?? 0) - (one.draft?.at ?? 0));
    const newest = left[0];
    if (!newest?.draft) return null;
    // Only what is certainly this tab's may go from where it was.
    if (this.set(name, newest.draft)) this.#storage.remove(newest.key);
    return newest.draft;
  }

  /** Keeps a draft, and tells whether it is kept: a browser's storage may be full or closed.
   * @param {string} name
   * @param {Draft} draft */
  set(name, { text, shown }) {
    const key = this.#key(name);
    if (this.#storage.get(key) === null) this.#prune();
    const stored = JSON.stringify({ text, shown, format: FORMAT, at: Date.now() });
    this.#storage.set(key, stored);
    return this.#storage.get(key) === stored;
  }

  /** The names of a kind that `get` has a draft of. @param {string} kind */
  names(kind) {
    const prefix = `draft/${this.#owner()}/`;
    const mine = this.#storage.keys(`${prefix}${kind}/`).filter((key) => !this.#alive.has(tabOf(key)) || tabOf(key) === this.#tab);
    return [...new Set(mine.map((key) => key.slice(prefix.length, key.lastIndexOf("/"))))];
  }

  /** Drafts of memos, which an older version of the site has kept.
   * @returns {{key: string, id: string, text: string, version?: number}[]} */
  olderEdits() {
    return this.#storage.keys(`draft/${this.#owner()}/`).flatMap((key) => {
      const [, , id, ...rest] = key.split("/");
      const draft = id === NEW || rest.length !== 1 ? null : this.#read(key);
      return draft ? { key, id, text: draft.text, version: draft.version } : [];
    });
  }

  /** Removes one of those. @param {string} key */
  forget(key) {
    this.#storage.remove(key);
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

  /** How many drafts all tabs hold, and those that are gone have left. */
  countEverywhere() {
    return this.#storage.keys(`draft/${this.#owner()}/`).length;
  }

  /** Takes over what version 0.1.0 has kept, which was with the tab alone and told no format. */
  #takeOver() {
    for (const key of this.#tabStorage.keys("draft/")) {
      const draft = JSON.parse(this.#tabStorage.get(key) ?? "null");
      this.#storage.set(`${key}/${this.#tab}`, JSON.stringify({ ...draft, format: FORMAT, at: Date.now() }));
      this.#tabStorage.remove(key);
    }
  }

  /** @param {string} key @returns {Stored | null} */
  #read(key) {
    try {
      const stored = JSON.parse(this.#storage.get(key) ?? "null");
      return stored?.format === FORMAT && typeof stored.text === "string" ? stored : null;
    } catch {
      return null;
    }
  }

  /** Makes room for one more: of what was left behind, what is too old goes, and the oldest of too many. */
  #prune() {
    const left = this.#storage
      .keys(`draft/${this.#owner()}/`)
      .filter((key) => !this.#alive.has(tabOf(key)) && tabOf(key) !== this.#tab)
      .map((key) => ({ key, at: this.#read(key)?.at ?? 0 }))
      .sort((one, other) => other.at - one.at);
    for (const [index, { key, at }] of left.entries()) {
      if (index >= COUNT_MAX - 1 || at < Date.now() - AGE_MAX) this.#storage.remove(key);
    }
  }

  /** @param {{hello?: string, here?: string}} message */
  #hear({ hello, here }) {
    const name = hello ?? here;
    if (name === undefined) return;
    if (hello !== undefined) this.#tabs.postMessage({ here: this.#tab });
    else if (here === this.#tab) {
      // This tab is a copy: the name is the original's, and so is what was written under it.
      this.#tab = newTab();
      this.#tabStorage.set(TAB, this.#tab);
      this.#tabs.postMessage({ hello: this.#tab });
    }
    this.#alive.add(name);
  }

  /** @param {string} name */
  #prefix(name) {
    return `draft/${this.#owner()}/${name}/`;
  }

  /** @param {string} name */
  #key(name) {
    return this.#prefix(name) + this.#tab;
  }
}

/** @param {string} key */
const tabOf = (key) => key.slice(key.lastIndexOf("/") + 1);
