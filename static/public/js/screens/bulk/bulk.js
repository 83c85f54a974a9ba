// What is done to many memos at once: the bar of those that are selected, and the renaming of a tag.

import { renaming } from "../../data/bulk-stores.js";
import { findElement } from "../../lib/dom.js";
import { createRenameBar } from "./rename-bar.js";
import { createSelectionBar } from "./selection-bar.js";
import { askTag } from "./tag-dialog.js";

/**
 * Puts the bars where the screen has left room for them, and goes on with a renaming that was broken off.
 * @param {HTMLElement} screen
 * @param {(job: import("../../data/tag-rename.js").Job) => void} onRenamed
 */
export function startBulk(screen, onRenamed) {
  findElement(screen, ".job-slot").append(createRenameBar(onRenamed));
  findElement(screen, ".selection-slot").append(createSelectionBar());
  renaming.resume();
  return { resume: () => renaming.resume(), rename };
}

/** Asks for a tag's new name, and begins to write it into all memos. @param {string} tag */
async function rename(tag) {
  const to = await askTag({ title: "renameTag", hint: "renameTagHint", yes: "rename", value: tag });
  if (to !== null && to !== tag) renaming.start(tag, to);
}
