// A memo on this device: as the person wants it, as the server had it last, and what is under way between the two.
//
// What is kept is the wish, not a list of deeds: whatever was done in whatever order, what is to be sent is the difference
// between the wish and the server's state. What has been sent and not answered stays as it is until its fate is known.

import { tagsOf } from "../../lib/tags.js";
import { merge } from "./merge.js";

/** @typedef {import("../memo-service.js").Memo} Memo */
/** @typedef {Pick<Memo, "text" | "pinned" | "archived" | "trashed_at">} Fields what a person can change */
/**
 * A request that is sent, or was; it is kept before it is sent. The `nonce` is its name, and the Idempotency-Key of a create.
 * @typedef {object} Sending
 * @property {string} nonce
 * @property {"POST" | "PATCH" | "DELETE"} method
 * @property {number} [if_match]
 * @property {{text?: string, pinned?: boolean, archived?: boolean, created_at?: string, trashed_at?: null}} [body]
 * @property {string} at when
 * @property {number} tries how often; once: if it is refused, it was never carried out
 */
/**
 * Two texts of which neither may be lost. `text`: both were changed from `ancestor`; the other one is `theirs`. `trashed`:
 * it was changed here and put into the trash elsewhere; `gone`: there it was deleted for good. `isDoubtful`: it is not known
 * whether the other text holds a change of this one already.
 * @typedef {{kind: "text" | "trashed" | "gone", ancestor: string, theirs: string, isDoubtful?: boolean}} Conflict
 */
/** Why the service does not take it. @typedef {{status: number, slug: string, members: Record<string, any>}} Refusal */
/**
 * What happened to it by itself: merged with a change from elsewhere, where `mine` was the text before; or not put into the
 * trash after all, because it was changed elsewhere.
 * @typedef {{kind: "merged", mine: string} | {kind: "kept"}} Note
 */
/**
 * @typedef {object} MemoRecord
 * @property {string} key its name on this device
 * @property {string | null} id the server's name for it, as soon as it is known
 * @property {string} text as the person wants it; so are the next six
 * @property {string[]} tags
 * @property {boolean} pinned
 * @property {boolean} archived
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string | null} trashed_at
 * @property {boolean} gone whether it is to be deleted for good
 * @property {Memo | null} base as the server had it last
 * @property {number | null} queued when the first change was made that is not on the server
 * @property {Sending | null} sending
 * @property {Conflict | null} conflict
 * @property {Refusal | null} refusal
 * @property {Note | null} note
 * @property {boolean} undated whether the server did not believe when it was written
 * @property {number} pass the reading of the whole feed in which it was seen last
 */
/**
 * What a person does to a memo. `shown` is the text that `text` was made from.
 * @typedef {{text?: string, shown?: string, pinned?: boolean, archived?: boolean, trashed?: boolean, gone?: true}} Deed
 */
/** What else is needed. `newKey` makes names that nobody has. @typedef {{now: number, newKey: () => string}} World */

/** @param {number} now */
export const timeOf = (now) => new Date(now).toISOString();

/** A memo that somebody has just written.
 * @param {{text: string, pinned?: boolean, archived?: boolean}} fields
 * @param {World} world
 * @returns {MemoRecord} */
export function created({ text, pinned = false, archived = false }, { now, newKey }) {
  const at = timeOf(now);
  return {
    key: newKey(), id: null, text, tags: tagsOf(text), pinned, archived, created_at: at, updated_at: at, trashed_at: null,
    gone: false, base: null, queued: now, sending: null, conflict: null, refusal: null, note: null, undated: false, pass: 0,
  };
}

/** A memo that the server has told of.
 * @param {Memo} memo @param {number} pass @returns {MemoRecord} */
export const learned = (memo, pass) => ({
  key: memo.id, id: memo.id, text: memo.text, tags: memo.tags, pinned: memo.pinned, archived: memo.archived,
  created_at: memo.created_at, updated_at: memo.updated_at, trashed_at: memo.trashed_at,
  gone: false, base: memo, queued: null, sending: null, conflict: null, refusal: null, note: null, undated: false, pass,
});

/**
 * The memo after a deed; what else comes of it follows, and without the memo it is not there any more.
 * @param {MemoRecord} record
 * @param {Deed} deed
 * @param {World} world
 * @returns {MemoRecord[]}
 */
export function changed(record, deed, world) {
  const { text = record.text, shown = record.text, pinned = record.pinned, archived = record.archived } = deed;
  const trashed_at = trashedAt(record, deed, world.now);
  const gone = (record.gone || deed.gone === true) && trashed_at !== null;
  if (gone && !record.base && !record.sending) return [];
  const next = { ...record, pinned, archived, trashed_at, gone, refusal: null, note: null, queued: record.queued ?? world.now };
  const [written, ...copies] = text === shown ? [next] : withText(outOfTrash(next), shown, text, world);
  return [settled(written), ...copies];
}

/** @param {MemoRecord} record @param {Deed} deed @param {number} now */
function trashedAt(record, deed, now) {
  if (record.conflict) return record.trashed_at; // What is to be decided about stays where it is seen.
  if (deed.gone || deed.trashed) return record.trashed_at ?? timeOf(now);
  return deed.trashed === false ? null : record.trashed_at;
}

/** Somebody writes in a memo that was put into the trash meanwhile: elsewhere, which is to be decided about, or in another tab.
 * @param {MemoRecord} record @returns {MemoRecord} */
function outOfTrash(record) {
  const { base, trashed_at, conflict } = record;
  if (trashed_at === null || conflict) return record;
  const alive = { ...record, trashed_at: null, gone: false };
  return base?.trashed_at ? { ...alive, conflict: { kind: "trashed", ancestor: base.text, theirs: base.text } } : alive;
}

/** Another tab, or a merge, may have changed the text since it was shown: then both changes come together.
 * @param {MemoRecord} record @param {string} shown @param {string} text @param {World} world @returns {MemoRecord[]} */
function withText(record, shown, text, world) {
  const merged = merge(shown, text, record.text).text;
  const updated_at = timeOf(world.now);
  if (merged !== null) {
    const conflict = record.conflict?.kind === "text" && merged === record.conflict.theirs ? null : record.conflict;
    return [{ ...record, text: merged, updated_at, conflict }];
  }
  if (record.conflict) return [record, copyOf(text, record, world)];
  // Where there is something to decide, it is not in the trash.
  const open = { ...record, text, updated_at, trashed_at: null, gone: false };
  return [{ ...open, conflict: { kind: "text", ancestor: shown, theirs: record.text } }];
}

/** A text that has no place in its memo, in one of its own.
 * @param {string} text @param {MemoRecord} record @param {World} world */
export const copyOf = (text, { pinned, archived }, world) => created({ text, pinned, archived }, world);

/**
 * The memo when the person has decided. A `text` is what it says from now on; `keep` and `drop` are for a memo that was
 * deleted elsewhere.
 * @param {MemoRecord} record
 * @param {{text: string} | "keep" | "drop"} choice
 * @param {World} world
 * @returns {MemoRecord[]}
 */
export function resolved(record, choice, { now }) {
  const { conflict, base } = record;
  if (!conflict) return [record];
  const open = { ...record, conflict: null, refusal: null, note: null, queued: record.queued ?? now };
  if (typeof choice !== "string") return [settled({ ...open, text: choice.text, updated_at: timeOf(now) })];
  if (choice === "drop" && base) return [settled({ ...open, ...fieldsOf(base), updated_at: base.updated_at })];
  if (choice === "drop") return [];
  if (!base) return [{ ...open, sending: null }];
  // It may also have been changed before it was put into the trash.
  const merged = merge(conflict.ancestor, record.text, base.text).text;
  if (merged !== null) return [settled({ ...open, text: merged })];
  return [{ ...open, conflict: { kind: "text", ancestor: conflict.ancestor, theirs: base.text } }];
}

/** @param {Fields} memo @returns {Fields} */
export const fieldsOf = ({ text, pinned, archived, trashed_at }) => ({ text, pinned, archived, trashed_at });

/** The memo with all that follows from the rest of it.
 * @param {MemoRecord} record @returns {MemoRecord} */
export function settled(record) {
  const { base, text } = record;
  const tagged = { ...record, tags: text === base?.text ? base.tags : tagsOf(text) };
  return base && isClean(tagged) ? { ...tagged, queued: null, updated_at: base.updated_at } : tagged;
}

/** Whether the server has the memo as the person wants it.
 * @param {MemoRecord} record */
export function isClean({ base, sending, conflict, gone, text, pinned, archived, trashed_at }) {
  if (!base || sending || conflict || gone) return false;
  const isSame = text === base.text && pinned === base.pinned && archived === base.archived;
  return isSame && (trashed_at === null) === (base.trashed_at === null);
}
