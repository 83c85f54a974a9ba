// What the feed tells, applied to what is on this device. It tells everything at least once; the versions tell what is new.

import { learned } from "./record.js";
import { lost } from "./rebase.js";
import { answered, met } from "./settle.js";

/** @typedef {import("./engine.js").Change} Change */
/** @typedef {import("./engine.js").Outcome} Outcome */
/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("./record.js").Memo} Memo */
/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {import("./record.js").World} World */

/**
 * @param {Map<string, MemoRecord>} records those that the changes may be about
 * @param {Change[]} changes
 * @param {Place} place
 * @param {Map<string, boolean | null>} carriedOut whether requests are, by their names, as far as that is known
 * @param {World} world
 * @returns {Outcome}
 */
export function applyPage(records, changes, place, carriedOut, world) {
  const known = new Map(records);
  /** @type {Map<string, MemoRecord>} */
  const put = new Map();
  /** @type {Set<string>} */
  const remove = new Set();
  for (const change of changes) {
    const record = [...known.values()].find(({ id }) => id === change.id) ?? ownOf(known.values(), change.memo);
    const next = applied(record, change, place, carriedOut, world);
    if (record && !next.some(({ key }) => key === record.key)) {
      known.delete(record.key);
      put.delete(record.key);
      remove.add(record.key);
    }
    for (const one of next) {
      if (one === record && one.pass === place.pass) continue;
      const seen = one.id === change.id ? { ...one, pass: place.pass } : one;
      known.set(seen.key, seen);
      put.set(seen.key, seen);
    }
  }
  return { put: [...put.values()], remove: [...remove] };
}

/** @param {MemoRecord | undefined} record @param {Change} change @param {Place} place @param {Map<string, boolean | null>} carriedOut
 * @param {World} world @returns {MemoRecord[]} */
function applied(record, { id, version, deleted, memo }, place, carriedOut, world) {
  if (!record) return memo && !deleted ? [learned(memo, place.pass)] : [];
  if (deleted) return record.base && record.base.version < version ? lost({ ...record, sending: null }, world) : [record];
  if (!memo) return [record];
  if (record.id === null) return answered(record, { status: 201, id, memo }, world);
  return met(record, memo, carriedOut.get(record.sending?.nonce ?? "") ?? null, world);
}

/** A memo of this device whose create was not answered, and is what the feed tells of: both were written in the same
 * millisecond, or say the same where this device's clock is not believed. Its Idempotency-Key may have been forgotten by now.
 * @param {Iterable<MemoRecord>} records @param {Memo | undefined} memo */
function ownOf(records, memo) {
  for (const record of records) {
    const body = record.id === null && record.sending?.method === "POST" ? record.sending.body : undefined;
    if (!body || !memo) continue;
    if (body.created_at === undefined ? body.text === memo.text : body.created_at === memo.created_at) return record;
  }
  return undefined;
}
