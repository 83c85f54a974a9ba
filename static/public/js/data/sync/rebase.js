// What becomes of a memo when the server has another state of it than the one that the person's changes began from.

import { haveSameNews, merge } from "./merge.js";
import { copyOf, settled } from "./record.js";

/** @typedef {import("./record.js").Fields} Fields */
/** @typedef {import("./record.js").Memo} Memo */
/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {import("./record.js").World} World */

/**
 * The memo with the person's changes, made to the state that the server has by now.
 * @param {MemoRecord} record
 * @param {Memo} memo as the server has it
 * @param {Fields} known what the server had when the changes began
 * @param {World} world
 * @param {boolean} [isUncertain] whether some of the changes may be among what led to that state
 * @returns {MemoRecord[]} the memo, and what else comes of it
 */
export function rebased(record, memo, known, world, isUncertain = false) {
  const ancestor = record.conflict?.ancestor ?? known.text;
  const [theirs, copies] = theirText(record, memo, known, world);
  const change = { isHere: record.text !== ancestor && record.text !== theirs, isThere: theirs !== ancestor };
  const place = placeOf(record, memo, known, change);
  // Two texts of which the server has none have to be decided about first.
  const isDeletedThere = place.trashed_at === null && memo.trashed_at !== null && !wasTrashed(record, known) && theirs === memo.text;
  const next = {
    ...record, ...place, base: memo, id: memo.id, created_at: memo.created_at, refusal: null,
    pinned: record.pinned === known.pinned ? memo.pinned : record.pinned,
    archived: record.archived === known.archived ? memo.archived : record.archived,
  };
  if (isDeletedThere) return [told({ ...next, conflict: { kind: "trashed", ancestor, theirs } }, record), ...copies];
  const { text } = merge(ancestor, record.text, theirs);
  // What is there already would be there twice.
  const isDoubtful = (isUncertain && haveSameNews(ancestor, record.text, theirs)) || record.conflict?.isDoubtful === true;
  if (text === null || (isDoubtful && change.isHere && change.isThere)) {
    // Where there is something to decide, it is not in the trash.
    const open = { ...next, trashed_at: null, gone: false };
    return [told({ ...open, conflict: { kind: "text", ancestor, theirs, isDoubtful } }, record), ...copies];
  }
  return [told({ ...next, text, conflict: null }, record, change), ...copies];
}

/** The other text. In a conflict of two tabs it is not the server's, which then has to come together with it.
 * @param {MemoRecord} record @param {Memo} memo @param {Fields} known @param {World} world
 * @returns {[string, MemoRecord[]]} */
function theirText(record, memo, known, world) {
  const { conflict } = record;
  if (conflict?.kind !== "text" || conflict.theirs === known.text) return [memo.text, []];
  const merged = merge(known.text, conflict.theirs, memo.text).text;
  return merged === null ? [memo.text, [copyOf(conflict.theirs, record, world)]] : [merged, []];
}

/** Whether it is in the trash. A change of its text on one side outweighs the trash on the other.
 * @param {MemoRecord} record @param {Memo} memo @param {Fields} known @param {{isHere: boolean, isThere: boolean}} change */
function placeOf(record, memo, known, { isHere, isThere }) {
  const alive = { trashed_at: null, gone: false };
  if (memo.trashed_at !== null) {
    if (record.trashed_at !== null) return { trashed_at: memo.trashed_at, gone: record.gone && !isThere };
    // It was taken out here, or changed.
    return wasTrashed(record, known) || isHere ? alive : { trashed_at: memo.trashed_at, gone: false };
  }
  const isTrashedHere = record.trashed_at !== null && !wasTrashed(record, known) && !isThere;
  return isTrashedHere ? { trashed_at: record.trashed_at, gone: record.gone } : alive;
}

/** Whether it was in the trash when the person's changes began.
 * @param {MemoRecord} record @param {Fields} known */
const wasTrashed = ({ conflict }, known) => conflict?.kind !== "trashed" && known.trashed_at !== null;

/** The memo with a note of what the person did not do.
 * @param {MemoRecord} next @param {MemoRecord} record @param {{isHere: boolean, isThere: boolean}} [change] */
function told(next, record, change) {
  let { note } = record;
  if (change?.isHere && change.isThere) note = { kind: "merged", mine: record.text };
  else if (record.trashed_at !== null && next.trashed_at === null) note = { kind: "kept" };
  return settled({ ...next, note });
}

/**
 * The memo when the server does not have it any more. A text that is nowhere else stays, to be decided about.
 * @param {MemoRecord} record
 * @param {World} world
 * @returns {MemoRecord[]}
 */
export function lost(record, world) {
  const { conflict, base } = record;
  const ancestor = conflict?.ancestor ?? base?.text ?? "";
  const isTheirsElsewhere = conflict?.kind !== "text" || conflict.theirs === base?.text;
  const copies = isTheirsElsewhere ? [] : [copyOf(conflict.theirs, record, world)];
  if (record.gone || (record.text === ancestor && base) || record.text === base?.text) return copies;
  /** @type {MemoRecord} */
  const kept = {
    ...record, id: null, base: null, trashed_at: null, gone: false, sending: null, refusal: null,
    conflict: { kind: "gone", ancestor, theirs: "" }, queued: record.queued ?? world.now,
  };
  return [kept, ...copies];
}
