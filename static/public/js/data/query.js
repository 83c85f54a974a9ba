// Which memos a list holds.

import { isHalfTyped, matcher } from "../lib/chosung.js";

/** @typedef {import("./memo-service.js").Memo} Memo */
/** @typedef {"active" | "archived" | "trashed"} State where a memo is; each is in one of them */
/** @typedef {{state: State, tag: string, q: string}} Query an empty tag and an empty `q` ask for nothing */

/** A name for the query, the same for equal ones. @param {Query} query */
export const keyOf = ({ state, tag, q }) => JSON.stringify([state, tag, q]);

/** @param {Memo} memo @returns {State} */
export function stateOf(memo) {
  if (memo.trashed_at) return "trashed";
  return memo.archived ? "archived" : "active";
}

/** Whether the memo has the tag or one below it. @param {Memo} memo @param {string} tag */
export const hasTag = (memo, tag) => memo.tags.some((one) => one === tag || one.startsWith(`${tag}/`));

/** A test of whether a memo's text is what the query asks for.
 * @param {Query} query
 * @returns {(memo: Memo) => boolean} */
export function textTest({ q }) {
  const matches = matcher(q);
  return q === "" ? () => true : (memo) => matches(memo.text);
}

/** What the service is asked. It finds whole letters only, so for half-typed ones the list is gone through here.
 * @param {Query} query
 * @returns {Query} */
export const askedOf = (query) => (isHalfTyped(query.q) ? { ...query, q: "" } : query);

/** Whether `one` stands above `other` in a list: ids grow, and the newest is on top.
 * @param {string} one @param {string} other */
export const isNewer = (one, other) => one.length > other.length || (one.length === other.length && one > other);

/** For sorting ids, the newest first. @param {string} one @param {string} other */
export const newestFirst = (one, other) => (one === other ? 0 : isNewer(one, other) ? -1 : 1);
