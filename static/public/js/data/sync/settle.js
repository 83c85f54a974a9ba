// What becomes of a memo when it is known what became of its request.

import { tagsOf } from "../../lib/tags.js";
import { lost, rebased } from "./rebase.js";
import { settled } from "./record.js";

/** @typedef {import("./record.js").Memo} Memo */
/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {import("./record.js").World} World */
/** What one request was answered. A `memo` may be left out where it would be too much; then there are the other two.
 * @typedef {{status: number, memo?: Memo, id?: string, version?: number, problem?: any}} Result */

/** The anchor of a problem's explanation, which is its name. @param {Result} result @returns {string} */
export const slugOf = ({ problem }) => (typeof problem?.type === "string" ? (problem.type.split("#")[1] ?? "") : "");

/** Whether the same request may go well later. @param {Result} result */
export function isPassing(result) {
  const { status } = result;
  return status >= 500 || [401, 408, 425, 429].includes(status) || (status === 409 && slugOf(result) !== "in-trash");
}

/** The memo as the server has it if the request was carried out and nothing came after it.
 * @param {MemoRecord} record @returns {Memo | null} */
export function sentState({ base, sending }) {
  if (!base || !sending) return null;
  const version = base.version + 1;
  if (sending.method === "DELETE") return { ...base, version, trashed_at: base.trashed_at ?? sending.at };
  const next = { ...base, ...sending.body, version };
  return next.text === base.text ? next : { ...next, updated_at: sending.at };
}

/**
 * The memo after the answer to its request.
 * @param {MemoRecord} record
 * @param {Result} result not a passing one
 * @param {World} world
 * @returns {MemoRecord[]}
 */
export function answered(record, result, world) {
  const { sending } = record;
  if (!sending) return [record];
  const open = { ...record, sending: null };
  if (result.status < 300) return carriedOut(record, result, world);
  if (result.status === 404 && slugOf(result) === "not-found") return lost(open, world);
  return refused(record, result);
}

/** @param {MemoRecord} record @param {Result} result @param {World} world @returns {MemoRecord[]} */
function carriedOut(record, result, world) {
  const { sending, base } = record;
  const open = { ...record, sending: null };
  if (sending?.method === "POST") {
    const { text = "", pinned = false, archived = false, created_at = record.created_at } = sending.body ?? {};
    const known = { text, pinned, archived, trashed_at: null };
    const made = { ...known, id: result.id ?? "", version: 1, tags: [], created_at, updated_at: created_at };
    return rebased(open, result.memo ?? { ...made, tags: tagsOf(text) }, known, world);
  }
  if (sending?.method === "DELETE" && base?.trashed_at) return lost(open, world);
  const sent = sentState(record);
  const memo = result.memo ?? sent;
  return memo && sent ? rebased(open, memo, sent, world) : [record];
}

/** @param {MemoRecord} record @param {Result} result @returns {MemoRecord[]} */
function refused(record, result) {
  const { sending } = record;
  if (record.gone && !record.base && sending?.tries === 1) return []; // It never came to be.
  const fields = Array.isArray(result.problem?.errors) ? result.problem.errors : [];
  if (sending?.body?.created_at && fields.some((/** @type {any} */ error) => error?.field === "created_at")) {
    return [{ ...record, sending: null, undated: true }]; // This device's clock is wrong.
  }
  const refusal = { status: result.status, slug: slugOf(result), members: result.problem ?? {} };
  // An earlier try of a create may be carried out yet, where it is refused for want of room: it stays the same request.
  const mayLand = sending?.method === "POST" && sending.tries > 1 && refusal.slug === "quota-exceeded";
  return [{ ...record, sending: mayLand ? sending : null, refusal }];
}

/**
 * The memo when the server has told its state, other than by carrying out the request that may be under way.
 * @param {MemoRecord} record
 * @param {Memo} memo
 * @param {boolean | null} isCarriedOut whether the request is among what led to that state; null where that is not known
 * @param {World} world
 * @returns {MemoRecord[]}
 */
export function met(record, memo, isCarriedOut, world) {
  const { base } = record;
  if (!base || memo.version < base.version) return [record];
  const sent = sentState(record);
  if (memo.version === base.version) {
    if (memo.trashed_at === base.trashed_at && memo.updated_at === base.updated_at) return [record];
    const trashed_at = record.trashed_at && (memo.trashed_at ?? record.trashed_at);
    return [settled({ ...record, base: memo, trashed_at })];
  }
  if (!sent) return rebased(record, memo, base, world);
  // At the version that it is meant for, the request may be carried out yet; past it, it was or never will be.
  const isOurs = isCarriedOut === true || (memo.version === sent.version && isAsSent(memo, sent));
  const isUncertain = !isOurs && isCarriedOut === null && memo.version > sent.version;
  return rebased({ ...record, sending: null }, memo, isOurs ? sent : base, world, isUncertain);
}

/** @param {Memo} memo @param {Memo} sent */
function isAsSent(memo, sent) {
  const isSame = memo.text === sent.text && memo.pinned === sent.pinned && memo.archived === sent.archived;
  return isSame && (memo.trashed_at === null) === (sent.trashed_at === null);
}
