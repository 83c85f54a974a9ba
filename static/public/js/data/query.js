// Which memos a list holds, and in which order.

import { matcher } from "../lib/chosung.js";

/** @typedef {import("./memos.js").LocalMemo} LocalMemo */
/** @typedef {"active" | "archived" | "trashed"} State where a memo is; each is in one of them */
/** @typedef {{state: State, tag: string, q: string}} Query an empty tag and an empty `q` ask for nothing */

/** A name for the query, the same for equal ones. @param {Query} query */
export const keyOf = ({ state, tag, q }) => JSON.stringify([state, tag, q]);

/** @param {Pick<LocalMemo, "trashed_at" | "archived">} memo @returns {State} */
export function stateOf(memo) {
  if (memo.trashed_at) return "trashed";
  return memo.archived ? "archived" : "active";
}

/** Whether the memo has the tag or one below it. @param {LocalMemo} memo @param {string} tag */
export const hasTag = (memo, tag) => memo.tags.some((one) => one === tag || one.startsWith(`${tag}/`));

/** A test of whether a memo's text is what the query asks for.
 * @param {Query} query
 * @returns {(memo: LocalMemo) => boolean} */
export function textTest({ q }) {
  const matches = matcher(q);
  return q === "" ? () => true : (memo) => matches(memo.text);
}

/** For sorting, the newest first; of those that were written at the same time, the one that the server knew last.
 * @param {Pick<LocalMemo, "id" | "serverId" | "created_at">} one @param {Pick<LocalMemo, "id" | "serverId" | "created_at">} other */
export function newestFirst(one, other) {
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1;
  return Number(other.serverId ?? Infinity) - Number(one.serverId ?? Infinity) || (one.id < other.id ? 1 : -1);
}
