// What was written before there was an account becomes the account's.

import { changed, copyOf, fieldsOf } from "./record.js";

/** @typedef {import("./engine.js").Storage} Storage */
/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {import("./record.js").World} World */

/**
 * Moves all memos of the guest, each once. It may be broken off anywhere and begun again, as long as one does it at a time,
 * and nothing is sent before it has come to its end. Another tab may still be writing as the guest meanwhile.
 * @param {Storage} guest
 * @param {Storage} own
 * @param {() => World} world
 */
export async function adopt(guest, own, world) {
  /** @type {Map<string, MemoRecord>} */
  const moved = new Map();
  for (;;) {
    const [record] = guest.all();
    if (!record) return;
    const { key } = record;
    await own.update([key], (records) => ({ put: joined(records.get(key), record, moved.get(key), world()) }));
    moved.set(key, record);
    await guest.update([key], (records) => (isSame(records.get(key), record) ? { remove: [key] } : {}));
  }
}

/** What the account is to have when the guest has `record`.
 * @param {MemoRecord | undefined} mine what the account has already @param {MemoRecord} record
 * @param {MemoRecord | undefined} moved what the guest had when it was moved @param {World} world @returns {MemoRecord[]} */
function joined(mine, record, moved, world) {
  if (!mine) return [record];
  if (mine.text === record.text) return [];
  return moved ? changed(mine, { text: record.text, shown: moved.text }, world) : [copyOf(record.text, record, world)];
}

/** @param {MemoRecord | undefined} one @param {MemoRecord} other */
const isSame = (one, other) => one === undefined || JSON.stringify(fieldsOf(one)) === JSON.stringify(fieldsOf(other));
