// What can be done with a memo beside writing: each deed tells what has happened and can be undone.

import { stateOf } from "../../data/query.js";
import { memos } from "../../data/stores.js";
import { memoAddress } from "../../routes.js";
import { ask } from "../question/question.js";
import { notify, notifyError, notifyTrouble } from "../toast/toast.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */
/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */
/** @typedef {import("../menu/menu.js").Item} Item */

/**
 * What a memo's menu offers.
 * @param {LocalMemo} memo
 * @param {HTMLElement} card
 * @returns {Item[]}
 */
export function itemsFor(memo, card) {
  const select = { name: "select", text: /** @type {TextKey} */ ("selectMemo"), act: () => selectIn(card) };
  const copying = { name: "copy", text: /** @type {TextKey} */ ("copyMarkdown"), act: () => copy(memo) };
  if (stateOf(memo) === "trashed") {
    return [
      { name: "restore", text: "restore", act: () => restore(memo) },
      copying,
      select,
      { name: "purge", text: "purge", act: () => purge(memo, card) },
    ];
  }
  return [
    { name: "pin", text: memo.pinned ? "unpin" : "pin", act: () => set(memo, "pinned") },
    { name: "archive", text: memo.archived ? "unarchive" : "archive", act: () => set(memo, "archived") },
    copying,
    select,
    ...(memo.serverId === null ? [] : ofServer(memo)),
    { name: "trash", text: "toTrash", act: () => trash(memo, card) },
  ];
}

/** Links and earlier versions are the server's. @param {LocalMemo} memo @returns {Item[]} */
const ofServer = (memo) => [
  { name: "share", text: "share", address: `${memoAddress(memo)}/share` },
  { name: "history", text: "history", address: `${memoAddress(memo)}/history` },
];

/** @type {Record<"pinned" | "archived", [TextKey, TextKey]>} What is told when it is so from now on, and no longer. */
const TOLD = { pinned: ["pinnedNow", "unpinnedNow"], archived: ["archivedNow", "unarchivedNow"] };

/** Switches what a memo is. @param {LocalMemo} memo @param {"pinned" | "archived"} what */
async function set(memo, what) {
  const is = !memo[what];
  await tellUndoable(
    () => memos.set(memo.id, { [what]: is }),
    TOLD[what][is ? 0 : 1],
    () => memos.set(memo.id, { [what]: !is }),
    memo.id,
  );
}

/** @param {LocalMemo} memo @param {HTMLElement} card */
async function trash(memo, card) {
  const list = card.parentElement;
  await tellUndoable(
    () => memos.set(memo.id, { trashed: true }),
    "trashedNow",
    () => memos.set(memo.id, { trashed: false }),
    memo.id,
  );
  if (memos.get(memo.id)?.trashed_at) list?.dispatchEvent(new CustomEvent("memo-gone", { bubbles: true }));
}

/** Takes a memo out of the trash. @param {LocalMemo} memo */
export async function restore(memo) {
  await tellUndoable(
    () => memos.set(memo.id, { trashed: false }),
    "restoredNow",
    () => memos.set(memo.id, { trashed: true }),
    memo.id,
  );
}

/** Deletes a memo for good, after a question. @param {LocalMemo} memo @param {HTMLElement} card */
async function purge(memo, card) {
  const list = card.parentElement;
  const isAgreed = await ask({
    title: { key: "purgeQuestion" },
    text: { key: "purgeMeaning" },
    yes: "purge",
    no: "keep",
  });
  if (!isAgreed) return;
  try {
    await memos.set(memo.id, { gone: true });
    notify({ key: "purged" });
    list?.dispatchEvent(new CustomEvent("memo-gone", { bubbles: true }));
  } catch (error) {
    notifyError(error);
  }
}

/** @param {LocalMemo} memo */
async function copy(memo) {
  try {
    await navigator.clipboard.writeText(memo.text);
    notify({ key: "copied" });
  } catch {
    notifyTrouble({ key: "copyFailed" }); // Refused, or a page that came over plain http.
  }
}

/** @param {HTMLElement} card */
const selectIn = (card) => card.dispatchEvent(new CustomEvent("select-memo"));

/**
 * Does something and tells it, with the way back.
 * @param {() => Promise<unknown>} act
 * @param {TextKey} key
 * @param {() => Promise<unknown>} undo
 * @param {string} id where the focus belongs after the way back
 */
async function tellUndoable(act, key, undo, id) {
  try {
    await act();
    tellDone(key, undo, id);
  } catch (error) {
    notifyError(error);
  }
}

/** @param {TextKey} key @param {() => Promise<unknown>} undo @param {string} id */
function tellDone(key, undo, id) {
  const goBack = async () => {
    try {
      await undo();
      notify({ key: "undone" });
      /** @type {HTMLElement | null} */ (document.querySelector(`.memo[data-id="${CSS.escape(id)}"]`))?.focus();
    } catch (error) {
      notifyError(error);
    }
  };
  notify({ key }, { undo: goBack });
}
