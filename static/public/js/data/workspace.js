// Whose memos are on this page: those of the person who is signed in here, also when the session has ended or the network
// is away; before there is an account, those of a guest. Each has a database of their own.

import { memoryDatabase, openDatabase, removeDatabase } from "./local/database.js";
import { LocalMemos } from "./local/local-memos.js";
import { newKey } from "./memos.js";

/** @typedef {import("./session.js").User} User */

/** Where the browser keeps who was here last: a name and no secret. */
const OWNER = "owner";
const GUEST = "guest";
/** So long somebody's memos wait for those that are seen first to be painted. */
const UNSEEN_MS = 100;
/** Far longer than a database needs, even on a slow phone. */
const ANSWER_MS = 10_000;

/** Fires `change` when it stands otherwise between this device and the server, and `open` when the memos are somebody
 * else's from now on. */
export class Workspace extends EventTarget {
  /** @type {User | null} */
  #owner = null;
  /** @type {LocalMemos | null} */
  #local = null;
  /** @type {import("./local/sync-loop.js").SyncLoop | null} */
  #sync = null;
  /** What was begun to be read before it could be shown.
   * @type {{owner: User | null, local: Promise<LocalMemos>} | null} */
  #ahead = null;
  /** One after the other. */
  #opening = Promise.resolve();
  #memos;
  #session;
  #storage;

  /**
   * @param {object} world
   * @param {import("./memos.js").MemoStore} world.memos
   * @param {import("./session.js").Session} world.session
   * @param {import("../lib/storage.js").SafeStorage} world.storage
   */
  constructor({ memos, session, storage }) {
    super();
    this.#memos = memos;
    this.#session = session;
    this.#storage = storage;
  }

  /** Whose memos these are; null: a guest's. */
  get owner() {
    return this.#owner;
  }

  /** Resolves when the memos that were asked for last are all there. */
  get opened() {
    return this.#opening;
  }

  /** How it stands with the server; null where there is nothing to bring together, as for a guest. */
  get syncing() {
    return this.#sync?.state ?? null;
  }

  /** Whether this browser keeps what is written; otherwise it is there as long as the page is open. */
  get isKept() {
    return this.#local?.isKept ?? true;
  }

  /** Begins to read the memos of who was here last, so that they are there as soon as they can be shown. */
  readAhead() {
    const owner = this.#lastOwner();
    this.#ahead = { owner, local: this.#openLocal(nameOf(owner)) };
  }

  /** Opens the memos of who was here last. */
  openLast() {
    return this.open(this.#ahead ? this.#ahead.owner : this.#lastOwner());
  }

  /** Opens somebody's memos; what a guest has written on this device becomes theirs.
   * @param {User | null} owner null: a guest's */
  open(owner) {
    this.#opening = this.#opening.catch(() => {}).then(() => this.#open(owner));
    return this.#opening;
  }

  /** The session may have come back, or ended. */
  wake() {
    this.#sync?.wake();
  }

  /** There may be news of other devices. */
  look() {
    this.#sync?.look();
  }

  /** The page has slept, and may have missed what other tabs did. */
  async catchUp() {
    await this.#local?.load();
    this.wake();
  }

  /** Asks the browser not to remove what is kept when it needs room. */
  static persist() {
    navigator.storage?.persist?.().catch(() => {}); // Then it may, as before.
  }

  /** Removes everything of the person from this device, who has signed out. */
  async leave() {
    const owner = this.#owner;
    this.#sync?.stop();
    await this.#local?.clear();
    this.#storage.remove(OWNER);
    await this.open(null);
    if (owner) removeDatabase(nameOf(owner));
  }

  /** @param {User | null} owner */
  async #open(owner) {
    const isSame = this.#local !== null && owner?.id === this.#owner?.id;
    if (isSame) return;
    this.#sync?.stop();
    this.#sync = null;
    const before = this.#local;
    const local = await this.#takeLocal(owner);
    const guest = this.#owner === null ? before : null;
    this.#local = local;
    this.#owner = owner;
    if (owner) this.#storage.set(OWNER, JSON.stringify(owner));
    this.#show(local);
    await painted();
    await local.load();
    if (owner) await this.#adopt(local, guest);
    before?.close();
    if (owner) this.#start(owner, local).catch(() => {}); // Offline: what is written is kept, and goes at the next visit.
  }

  /** @param {LocalMemos} local */
  #show(local) {
    this.#memos.local = local;
    this.dispatchEvent(new Event("open"));
    this.dispatchEvent(new Event("change"));
  }

  /** Somebody's memos, which may be being read already. @param {User | null} owner */
  #takeLocal(owner) {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead && ahead.owner?.id === owner?.id) return ahead.local;
    ahead?.local.then((local) => local.close());
    return this.#openLocal(nameOf(owner));
  }

  /** Somebody's memos, with those that are to be seen first. @param {string} name */
  async #openLocal(name) {
    const open = async () => {
      const local = new LocalMemos(await openDatabase(name), new BroadcastChannel(name));
      await local.loadFront();
      return local;
    };
    const opening = open();
    return inTime(opening).catch(() => {
      opening.then((late) => late.close()).catch(() => {});
      return new LocalMemos(memoryDatabase(), new BroadcastChannel(name));
    });
  }

  /** One tab at a time; another one may still be writing as the guest.
   * @param {LocalMemos} own @param {LocalMemos | null} open the guest's memos, where they are open already */
  async #adopt(own, open) {
    const guest = open ?? (await this.#openLocal(nameOf(null)));
    await guest.load();
    if (!guest.all().next().done) {
      const { adopt } = await import("./sync/adopt.js");
      const move = () => adopt(guest, own, () => ({ now: Date.now(), newKey }));
      await (navigator.locks ? navigator.locks.request("adopt", move) : move());
    }
    if (guest !== open) guest.close();
  }

  /** What brings things together comes when the memos are to be seen.
   * @param {User} owner @param {LocalMemos} local */
  async #start(owner, local) {
    const [{ SyncLoop }, { memoApi }] = await Promise.all([import("./local/sync-loop.js"), import("./local/memo-api.js")]);
    if (this.#local !== local) return; // Somebody else's by now.
    const name = nameOf(owner);
    const api = memoApi(this.#session, owner.id);
    const ports = { storage: local, api, now: Date.now, random: Math.random, newKey };
    const sync = new SyncLoop(ports, { name, tabs: new BroadcastChannel(`${name}/sync`), locks: navigator.locks });
    sync.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    local.addEventListener("change", () => sync.nudge());
    this.#sync = sync;
    this.dispatchEvent(new Event("change"));
  }

  /** @returns {User | null} */
  #lastOwner() {
    try {
      const { id, username } = JSON.parse(this.#storage.get(OWNER) ?? "null");
      return { id: String(id), username: String(username) };
    } catch {
      return null;
    }
  }
}

/** Resolves when the browser has shown what is there now, or does not seem to: a page that nobody sees is not painted. */
const painted = () =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, UNSEEN_MS);
  });

/** A browser whose databases do not answer must not keep anybody from their memos.
 * @template T @param {Promise<T>} promise @returns {Promise<T>} */
function inTime(promise) {
  return new Promise((resolve, reject) => {
    setTimeout(reject, ANSWER_MS);
    promise.then(resolve, reject);
  });
}

/** The name of somebody's database. @param {User | null} owner */
const nameOf = (owner) => `memos/${owner?.id ?? GUEST}`;
