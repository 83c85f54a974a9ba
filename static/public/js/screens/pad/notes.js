// What happened to memos by itself, told once, with the way back.

import { memos } from "../../data/stores.js";
import { notify, notifyError } from "../toast/toast.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */

/** Tells of each memo that was merged with a change from elsewhere, or did not go to the trash because of one. */
export function startNotes() {
  /** @type {WeakSet<object>} */
  let told = new WeakSet();
  /** What was there when the memos were opened was told before.
   * @param {(memo: LocalMemo, note: NonNullable<LocalMemo["note"]>) => void} act */
  const eachNew = (act) => {
    for (const memo of memos.all()) {
      if (!memo.note || told.has(memo.note)) continue;
      told.add(memo.note);
      act(memo, memo.note);
    }
  };
  memos.addEventListener("clear", () => {
    told = new WeakSet();
    eachNew(() => {});
  });
  memos.addEventListener("change", () => {
    if (!document.hidden) eachNew(tell);
  });
}

/** @param {LocalMemo} memo @param {NonNullable<LocalMemo["note"]>} note */
function tell({ id, text }, note) {
  if (note.kind === "kept") notify({ key: "keptNow" });
  else notify({ key: "mergedNow" }, { undo: () => void memos.save(id, note.mine, text).catch(notifyError) });
}
