// The memo service, as functions.

import { authorized } from "./session.js";

const MEMOS = "/api/memos";
const PAGE = 20;
/** The server's limit on a memo, in bytes of UTF-8. */
const MOST_BYTES = 65_536;
/** How long to wait, in milliseconds, for somebody else's change that is being saved at the moment. */
const PAUSES = [300, 900];

/** Why `text` cannot be saved, as a key of the catalogs, or null. */
export function objection(text) {
  if (text.trim() === "") return "memoBlank";
  return new TextEncoder().encode(text).length > MOST_BYTES ? "memoTooLong" : null;
}

const one = (memo) => `${MEMOS}/${encodeURIComponent(memo.id)}`;
const unchanged = (memo) => ({ "if-match": `"${memo.version}"` });

/** Newest first: `{items, next_cursor}`. */
export function list(cursor) {
  const query = new URLSearchParams({ limit: PAGE });
  if (cursor) query.set("cursor", cursor);
  return authorized("GET", `${MEMOS}?${query}`);
}

/** A name for an attempt. (Browsers keep `crypto.randomUUID` from pages that come over plain http.) */
export const newAttempt = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Trying again under the same `attempt` does not make two memos of it. */
export const create = (text, attempt) =>
  authorized("POST", MEMOS, { json: { text }, headers: { "idempotency-key": attempt } });

export const read = (memo) => authorized("GET", one(memo));

/** Writes `text` if the memo is still the one given. */
export const update = (memo, text) =>
  patiently(() => authorized("PUT", one(memo), { json: { text }, headers: unchanged(memo) }));

/** Deletes the memo if it is still the one given. */
export const remove = (memo) => patiently(() => authorized("DELETE", one(memo), { headers: unchanged(memo) }));

async function patiently(request) {
  for (const pause of PAUSES) {
    try {
      return await request();
    } catch (error) {
      if (error.slug !== "conflict") throw error;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
  return request();
}
