// The memo service, as functions.

import { isProblem } from "../lib/api.js";

/**
 * @typedef {object} Memo
 * @property {string} id
 * @property {string} text
 * @property {string[]} tags read from the text by the service
 * @property {boolean} pinned
 * @property {boolean} archived
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string | null} trashed_at
 * @property {number} version
 */
/** @typedef {{items: Memo[], next_cursor: string | null}} Page newest first; may be short, or empty, before the end */
/** @typedef {Pick<Memo, "id" | "version">} Version a memo as it was at one time */
/** @typedef {Partial<Pick<Memo, "text" | "pinned" | "archived">> & {trashed_at?: null}} Changes */
/** @typedef {{version: number, text: string, written_at: string}} OldVersion */
/** @typedef {{method: "PATCH" | "DELETE", id: string, if_match: number, body?: Changes}} Operation */
/** @typedef {{status: number, memo?: Memo, problem?: any}} Result of an operation */
/** @typedef {import("./query.js").Query} Query */

const MEMOS = "/api/memos";
/** How long to wait, in milliseconds, for somebody else's change that is being saved at the moment. */
const RETRY_AFTER_MS = [300, 900];

/** @param {string} id */
const pathOf = (id) => `${MEMOS}/${encodeURIComponent(id)}`;
/** @param {Version} memo */
const ifUnchanged = (memo) => ({ "if-match": `"${memo.version}"` });

/** A name for an attempt. (Browsers keep `crypto.randomUUID` from pages that come over plain http.) */
export const newAttempt = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class MemoService {
  #request;

  /** @param {import("./session.js").Session["authorized"]} request */
  constructor(request) {
    this.#request = request;
  }

  /** @param {{state: import("./query.js").State | "all", tag?: string, q?: string}} query
   * @param {string | null} cursor
   * @param {number} limit
   * @returns {Promise<Page>} */
  list({ state, tag, q }, cursor, limit) {
    const query = new URLSearchParams({ limit: String(limit), state });
    if (tag) query.set("tag", tag);
    if (q) query.set("q", q);
    if (cursor) query.set("cursor", cursor);
    return this.#request("GET", `${MEMOS}?${query}`);
  }

  /** Trying again under the same `attempt` does not make two memos of it.
   * @param {string} text
   * @param {string} attempt
   * @returns {Promise<Memo>} */
  create(text, attempt) {
    return this.#request("POST", MEMOS, { json: { text }, headers: { "idempotency-key": attempt } });
  }

  /** @param {string} id @returns {Promise<Memo>} */
  read(id) {
    return this.#request("GET", pathOf(id));
  }

  /** Changes the memo if it still is at that version.
   * @param {Version} memo
   * @param {Changes} changes
   * @returns {Promise<Memo>} */
  change(memo, changes) {
    return retryOnConflict(() =>
      this.#request("PATCH", pathOf(memo.id), { json: changes, headers: ifUnchanged(memo) }),
    );
  }

  /** Puts the memo into the trash if it still is at that version; one that is there already is deleted for good.
   * @param {Version} memo */
  delete(memo) {
    return retryOnConflict(() => this.#request("DELETE", pathOf(memo.id), { headers: ifUnchanged(memo) }));
  }

  /** Takes a memo out of the trash. @param {string} id @returns {Promise<Memo>} */
  restore(id) {
    return retryOnConflict(() => this.#request("POST", `${pathOf(id)}/restore`));
  }

  /** Deletes what is in the trash for good: as much as one request may. Null when nothing is left.
   * @param {string} [cursor] where the request before ended
   * @returns {Promise<{removed: number, next_cursor: string} | null>} */
  emptyTrash(cursor) {
    const query = cursor ? `?${new URLSearchParams({ cursor })}` : "";
    return this.#request("DELETE", `${MEMOS}/trash${query}`);
  }

  /** The former versions of a memo, newest first. @param {string} id @returns {Promise<{items: OldVersion[]}>} */
  versions(id) {
    return this.#request("GET", `${pathOf(id)}/versions`);
  }

  /** Makes the text of a former version the memo's. @param {string} id @param {number} version @returns {Promise<Memo>} */
  restoreVersion(id, version) {
    return retryOnConflict(() => this.#request("POST", `${pathOf(id)}/versions/${version}/restore`));
  }

  /** How many memos have each tag. `more`: not counted to the end yet, ask again.
   * @returns {Promise<{items: {tag: string, count: number}[], more: boolean}>} */
  tags() {
    return this.#request("GET", `${MEMOS}/tags`);
  }

  /** Many changes at once, each on its own. @param {Operation[]} operations @returns {Promise<{results: Result[]}>} */
  batch(operations) {
    return this.#request("POST", `${MEMOS}/batch`, { json: { operations } });
  }
}

/** @param {() => Promise<any>} request */
async function retryOnConflict(request) {
  for (const pause of RETRY_AFTER_MS) {
    try {
      return await request();
    } catch (error) {
      if (!isProblem(error, "conflict")) throw error;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
  return request();
}
