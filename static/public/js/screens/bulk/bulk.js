// What is done to many memos at once: the bar of those that are selected, and the renaming of a tag.

import { memos } from "../../data/stores.js";
import { findElement } from "../../lib/dom.js";
import { renameTag } from "../../lib/tags.js";
import { notify, notifyError } from "../toast/toast.js";
import { createSelectionBar } from "./selection-bar.js";
import { askTag } from "./tag-dialog.js";

/**
 * Puts the bar where the screen has left room for it.
 * @param {HTMLElement} screen
 * @param {(from: string, to: string) => void} onRenamed
 */
export function startBulk(screen, onRenamed) {
  findElement(screen, ".selection-slot").append(createSelectionBar());
  return { rename: (/** @type {string} */ tag) => rename(tag, onRenamed) };
}

/** Asks for a tag's new name, and writes it into all memos; what is in the trash has the old one when it comes out again.
 * @param {string} from @param {(from: string, to: string) => void} onRenamed */
async function rename(from, onRenamed) {
  const to = await askTag({ title: "renameTag", hint: "renameTagHint", yes: "rename", value: from });
  if (to === null || to === from) return;
  const ids = [...memos.all()].filter((memo) => !memo.trashed_at).map(({ id }) => id);
  try {
    const before = await memos.change(ids, (memo) => {
      const text = renameTag(memo.text, from, to);
      return text === memo.text ? null : { text };
    });
    const undo = () => memos.change([...before.keys()], (memo) => ({ text: renameBack(memo, before) })).catch(notifyError);
    notify({ key: "renamed", params: { count: before.size, tag: to } }, { undo });
    onRenamed(from, to);
  } catch (error) {
    notifyError(error);
  }
}

/** The text before, unless it was changed since.
 * @param {import("../../data/memos.js").LocalMemo} memo @param {Map<string, import("../../data/memos.js").LocalMemo>} before */
const renameBack = (memo, before) => before.get(memo.id)?.text ?? memo.text;
