// What is to be sent next of a memo: the difference between what the person wants and what the server has.

import { validateMemo } from "../../lib/text.js";
import { isClean, timeOf } from "./record.js";

/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {Pick<import("./record.js").Sending, "method" | "if_match" | "body">} Plan */
/**
 * Where a memo is: on the server, as it is shown; on this device only, on the way or waiting; refused; or to be decided.
 * @typedef {"saved" | "local" | "sending" | "refused" | "conflict"} Status
 */

/** @param {MemoRecord} record @returns {Status} */
export function statusOf(record) {
  if (isClean(record)) return "saved";
  if (record.conflict) return "conflict";
  if (record.refusal || isInvalid(record)) return "refused";
  return record.sending ? "sending" : "local";
}

/** Whether its text can't be a memo's, and the server would say so.
 * @param {MemoRecord} record */
const isInvalid = (record) => record.text !== record.base?.text && validateMemo(record.text) !== null;

/** The next request of a memo, or null where there is none to be sent.
 * @param {MemoRecord} record
 * @returns {Plan | null} */
export function planOf(record) {
  const { base, conflict, refusal } = record;
  if (refusal || conflict?.kind === "gone" || conflict?.kind === "trashed") return null;
  if (!base) return isInvalid(record) ? null : { method: "POST", body: newBody(record) };
  const if_match = base.version;
  if (record.gone) return { method: "DELETE", if_match };
  const changes = changesOf(record);
  const hasChanges = Object.keys(changes).length > 0;
  if (base.trashed_at !== null) {
    // What is in the trash is changed on its way out; it goes back with the next request if that is where it belongs.
    const comesOut = record.trashed_at === null || hasChanges;
    return comesOut ? { method: "PATCH", if_match, body: { ...changes, trashed_at: null } } : null;
  }
  if (hasChanges) return { method: "PATCH", if_match, body: changes };
  return record.trashed_at === null ? null : { method: "DELETE", if_match };
}

/** @param {MemoRecord} record */
function newBody({ text, pinned, archived, created_at, undated }) {
  return { text, ...(pinned && { pinned }), ...(archived && { archived }), ...(!undated && { created_at }) };
}

/** What differs. A text that is to be decided about, or that the server would refuse, is not sent.
 * @param {MemoRecord} record */
function changesOf(record) {
  const { base, text, pinned, archived } = record;
  /** @type {NonNullable<Plan["body"]>} */
  const changes = {};
  if (text !== base?.text && !record.conflict && !isInvalid(record)) changes.text = text;
  if (pinned !== base?.pinned) changes.pinned = pinned;
  if (archived !== base?.archived) changes.archived = archived;
  return changes;
}

/** The memo with its next request, which is not changed any more until its fate is known.
 * @param {MemoRecord} record @param {string} nonce @param {number} now @returns {MemoRecord} */
export function frozen(record, nonce, now) {
  const plan = record.sending ? null : planOf(record);
  return plan ? { ...record, sending: { nonce, ...plan, at: timeOf(now), tries: 1 } } : record;
}
