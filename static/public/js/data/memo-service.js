// The memo service, as functions.

import { isProblem } from "../lib/api.js";

/** @typedef {{id: string, text: string, created_at: string, updated_at: string, version: number}} Memo */
/** @typedef {{items: Memo[], next_cursor: string | null}} Page newest first */
/** @typedef {Pick<Memo, "id" | "version">} Version a memo as it was at one time */

const MEMOS = "/api/memos";
const PAGE_SIZE = "20";
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

  /** @param {string | null} cursor @returns {Promise<Page>} */
  list(cursor) {
    const query = new URLSearchParams({ limit: PAGE_SIZE });
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

  /** Writes `text` if the memo still is at that version.
   * @param {Version} memo
   * @param {string} text
   * @returns {Promise<Memo>} */
  update(memo, text) {
    return retryOnConflict(() =>
      this.#request("PUT", pathOf(memo.id), { json: { text }, headers: ifUnchanged(memo) }),
    );
  }

  /** Deletes the memo if it still is at that version.
   * @param {Version} memo */
  delete(memo) {
    return retryOnConflict(() => this.#request("DELETE", pathOf(memo.id), { headers: ifUnchanged(memo) }));
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
