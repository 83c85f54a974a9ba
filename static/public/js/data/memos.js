// The memos as the screens see them: those of whoever is at this device, with what can be done to them. Every deed is done
// when this device has kept it; the server comes later.

import { isClean, changed, created, resolved } from "./sync/record.js";
import { statusOf } from "./sync/plan.js";
import { keyOf } from "./query.js";
import { View } from "./view.js";

/** @typedef {import("./local/local-memos.js").LocalMemos} LocalMemos */
/** @typedef {import("./query.js").Query} Query */
/** @typedef {import("./sync/record.js").Deed} Deed */
/** @typedef {import("./sync/record.js").MemoRecord} MemoRecord */
/**
 * A memo of this device. Its `id` is its name here, for as long as it is here; `serverId` is the service's.
 * @typedef {Pick<MemoRecord, "text" | "tags" | "pinned" | "archived" | "created_at" | "updated_at" | "trashed_at" | "conflict" | "refusal" | "note">
 *   & {id: string, serverId: string | null, status: import("./sync/plan.js").Status, isOnServer: boolean}} LocalMemo
 */

/** How many lists are kept, so that the way back is short. */
const VIEWS_MAX = 20;

/** Not while somebody writes. */
const FRONT_MS = 2000;
const FRONT_MAX = 100;

/** Names that nobody has. (Browsers keep `crypto.randomUUID` from pages that come over plain http.) */
export const newKey = () =>
  `k${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

const world = () => ({ now: Date.now(), newKey });

/** Fires `change` after every change of what it holds, and `clear` before it when the memos are somebody else's from now on. */
export class MemoStore extends EventTarget {
  /** @type {LocalMemos | null} */
  #local = null;
  /** @type {Map<string, View>} */
  #views = new Map();
  /** What was made of the records, which are never changed.
   * @type {WeakMap<MemoRecord, LocalMemo>} */
  #seen = new WeakMap();
  /** What keeps that which is being written at the moment.
   * @type {Set<Pick<import("./autosave.js").Autosave, "flush" | "unkept">>} */
  writers = new Set();
  /** Counts every change of what is held. */
  revision = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #frontTimer;
  #onChange = () => {
    this.#changed();
    clearTimeout(this.#frontTimer);
    this.#frontTimer = setTimeout(() => this.#keepFront(), FRONT_MS);
  };
  #onClear = () => {
    this.#views.clear();
    this.dispatchEvent(new Event("clear"));
    this.#changed();
  };

  /** Whose memos these are from now on. @param {LocalMemos} local */
  set local(local) {
    this.#local?.removeEventListener("change", this.#onChange);
    this.#local?.removeEventListener("clear", this.#onClear);
    this.#local = local;
    local.addEventListener("change", this.#onChange);
    local.addEventListener("clear", this.#onClear);
    this.#onClear();
  }

  /** Whether all is here that this device has. */
  get isLoaded() {
    return this.#local?.isLoaded ?? false;
  }

  /** Whether everything is here that the server has: before that, something may be missing. */
  get isWhole() {
    return this.#local !== null && this.isLoaded && !this.#local.place().isAnew;
  }

  /** A memo, by this device's name or the server's.
   * @param {string} name @returns {LocalMemo | null} */
  get(name) {
    const record = this.#local?.get(name);
    return record && !record.gone ? this.#show(record) : null;
  }

  /** All that are here, in no order. @returns {Generator<LocalMemo>} */
  *all() {
    for (const record of this.#local?.all() ?? []) if (!record.gone) yield this.#show(record);
  }

  /** The list of a query: the same one as the last time.
   * @param {Query} query */
  view(query) {
    const key = keyOf(query);
    const view = this.#views.get(key) ?? new View(query, this);
    this.#views.delete(key);
    this.#views.set(key, view);
    const [oldest] = this.#views.keys();
    if (this.#views.size > VIEWS_MAX) this.#views.delete(oldest);
    return view;
  }

  /** A new memo. @param {string} text @returns {Promise<string>} its id */
  async create(text) {
    const record = created({ text }, world());
    await this.#here.update([], () => ({ put: [record] }));
    return record.key;
  }

  /** Gives a memo another text; what has come since `shown` stays.
   * @param {string} id @param {string} text @param {string} shown the text that this one was made from */
  save(id, text, shown) {
    return this.change([id], () => ({ text, shown }));
  }

  /** Pins, archives, puts into the trash, takes out of it, deletes for good.
   * @param {string} id @param {Deed} deed */
  set(id, deed) {
    return this.change([id], () => deed);
  }

  /** Does something to many memos, to all or none of them. Returns what they were before, those that it has changed.
   * @param {string[]} ids
   * @param {(memo: LocalMemo) => Deed | null} deedFor
   * @returns {Promise<Map<string, LocalMemo>>} */
  async change(ids, deedFor) {
    /** @type {Map<string, LocalMemo>} */
    const before = new Map();
    await this.#here.update(ids, (records) => {
      const put = [];
      const remove = [];
      for (const [key, record] of records) {
        const deed = record.gone ? null : deedFor(this.#show(record));
        if (!deed) continue;
        const next = changed(record, deed, world());
        before.set(key, this.#show(record));
        put.push(...next);
        if (!next.some((one) => one.key === key)) remove.push(key);
      }
      return { put, remove };
    });
    return before;
  }

  /** Decides about a memo that there are two texts of. Returns the way back.
   * @param {string} id @param {Parameters<typeof resolved>[1]} choice
   * @returns {Promise<() => Promise<void>>} */
  async resolve(id, choice) {
    /** @type {MemoRecord | undefined} */
    let before;
    await this.#here.update([id], (records) => {
      before = records.get(id);
      const next = before ? resolved(before, choice, world()) : [];
      return next.length > 0 ? { put: next } : { remove: [id] };
    });
    return async () => {
      if (before) await this.#bringBack(before);
    };
  }

  /** Gives a memo the text again that it had before a decision; one that is gone is new.
   * @param {MemoRecord} before */
  async #bringBack({ key, text, base }) {
    const memo = this.get(key);
    if (memo) await this.save(key, text, memo.text);
    else if (text !== base?.text) await this.create(text);
  }

  /** Keeps all that is being written in editors. */
  async flush() {
    await Promise.all(Array.from(this.writers, (writer) => writer.flush()));
  }

  /** How many memos are not on the server as they are here. */
  get unsaved() {
    return this.counts.unsaved;
  }

  /** The same, with how many of them somebody has to look at. */
  get counts() {
    return this.#local?.count() ?? { unsaved: 0, conflict: 0, refused: 0 };
  }

  get #here() {
    if (!this.#local) throw new Error("nobody's memos are open");
    return this.#local;
  }

  /** What is at the top of the first list, and what is pinned above it, is read first at the next visit. */
  #keepFront() {
    if (!this.isLoaded) return;
    const { found, ids } = this.view({ state: "active", tag: "", q: "" });
    const front = new Set([...ids, ...found.filter((id) => this.get(id)?.pinned)]);
    this.#local?.keepFront([...front].slice(0, FRONT_MAX)).catch(() => {}); // Then it comes with the rest.
  }

  /** @param {MemoRecord} record @returns {LocalMemo} */
  #show(record) {
    const seen = this.#seen.get(record);
    if (seen) return seen;
    const { key, id, text, tags, pinned, archived, created_at, updated_at, trashed_at, conflict, refusal, note } = record;
    const memo = {
      id: key, serverId: id, text, tags, pinned, archived, created_at, updated_at, trashed_at, conflict, refusal, note,
      status: statusOf(record), isOnServer: isClean(record),
    };
    this.#seen.set(record, memo);
    return memo;
  }

  #changed() {
    this.revision += 1;
    this.dispatchEvent(new Event("change"));
  }
}
