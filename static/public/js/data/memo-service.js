// What a screen asks the memo service for itself: the earlier texts of a memo, and the links to it. Everything else comes with the news.

/**
 * A memo as the service tells it.
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
/** @typedef {{version: number, text: string, written_at: string}} OldVersion */

/** A link by which others read a memo. @typedef {{id: string, memo_id: string, created_at: string, expires_at: string}} Share */

/** @param {string} id */
const pathOf = (id) => `/api/memos/${encodeURIComponent(id)}`;

export class MemoService {
  #request;

  /** @param {import("./session.js").Session["authorized"]} request */
  constructor(request) {
    this.#request = request;
  }

  /** @param {string} id @returns {Promise<Memo>} */
  read(id) {
    return this.#request("GET", pathOf(id));
  }

  /** The former versions of a memo, newest first. @param {string} id @returns {Promise<{items: OldVersion[]}>} */
  versions(id) {
    return this.#request("GET", `${pathOf(id)}/versions`);
  }

  /** A memo's links, oldest first. @param {string} id @returns {Promise<{items: Share[]}>} */
  shares(id) {
    return this.#request("GET", `${pathOf(id)}/shares`);
  }

  /** A new link; its token is told this once. @param {string} id @param {number} days @returns {Promise<Share & {token: string}>} */
  share(id, days) {
    return this.#request("POST", `${pathOf(id)}/shares`, { json: { expires_in_days: days } });
  }

  /** @param {string} id of the link @returns {Promise<void>} */
  endShare(id) {
    return this.#request("DELETE", `/api/memos/shares/${id}`);
  }
}
