// The memo service as the engine asks it, always in one person's name.

import { Problem, SignedOut } from "../../lib/api.js";

/** @typedef {import("../sync/engine.js").Api} Api */
/** @typedef {import("../sync/engine.js").Operation} Operation */
/** @typedef {import("../sync/settle.js").Result} Result */

const MEMOS = "/api/memos";
/** How many changes the service tells at once. */
const PAGE = 100;

/** @param {string} id */
const pathOf = (id) => `${MEMOS}/${encodeURIComponent(id)}`;

/**
 * @param {Pick<import("../session.js").Session, "authorized" | "stream" | "user" | "isKnown" | "restore">} session
 * @param {string} owner the id of the person: nobody else's requests are sent
 * @returns {Api & {listen: import("./listener.js").Open}}
 */
export function memoApi(session, owner) {
  const identify = async () => {
    // A visit may begin without a network; then this is what finds out, later.
    if (!session.isKnown) await session.restore();
    if (session.user?.id !== owner) throw new SignedOut();
  };
  /** @type {import("../session.js").Session["authorized"]} */
  const request = async (...asked) => {
    await identify();
    return session.authorized(...asked);
  };
  return {
    async send(operations) {
      if (operations.length === 1) return [await sendOne(request, operations[0])];
      return (await request("POST", `${MEMOS}/batch`, { json: { operations } })).results;
    },
    changes(cursor) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(cursor !== null && { since: cursor }) });
      return request("GET", `${MEMOS}/changes?${query}`);
    },
    async listen(cursor, signal) {
      await identify();
      return session.stream(`${MEMOS}/events?${new URLSearchParams({ since: cursor })}`, signal);
    },
    read: (id) => request("GET", pathOf(id)),
    version: (id, version) => request("GET", `${pathOf(id)}/versions/${version}`),
  };
}

/** @param {import("../session.js").Session["authorized"]} request @param {Operation} operation @returns {Promise<Result>} */
async function sendOne(request, { method, id, if_match, body, idempotency_key }) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (if_match !== undefined) headers["if-match"] = `"${if_match}"`;
  if (idempotency_key !== undefined) headers["idempotency-key"] = idempotency_key;
  try {
    const memo = await request(method, id === undefined ? MEMOS : pathOf(id), { ...(body && { json: body }), headers });
    return memo ? { status: 200, memo, id: memo.id, version: memo.version } : { status: 204, id };
  } catch (error) {
    // What concerns everybody is told to all.
    if (!(error instanceof Problem) || [401, 429, 503].includes(error.status)) throw error;
    return { status: error.status, problem: error.members };
  }
}
