// What can be done with all memos that are selected.

import { stateOf } from "../../data/query.js";
import { memos, selection } from "../../data/stores.js";
import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { tagsOf } from "../../lib/tags.js";
import { foldText } from "../../lib/text.js";
import { askTag } from "./tag-dialog.js";
import { notify, notifyError } from "../toast/toast.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */
/** What is to be done to a memo, or nothing because it is as it should be.
 * @typedef {(memo: LocalMemo) => import("../../data/memos.js").Deed | null} Plan */
/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */

/** The bar, which shows itself while something is selected. */
export function createSelectionBar() {
  const bar = fromTemplate("selection-bar", HTMLElement);
  /** @param {string} selector @param {() => void} act */
  const onClick = (selector, act) => findButton(bar, selector).addEventListener("click", act);
  onClick(".archive-all", () => archive(!areArchived()));
  onClick(".tag-all", addTag);
  onClick(".trash-all", () => change("manyTrashed", toTrash, () => fromTrash));
  onClick(".restore-all", () => change("manyRestored", fromTrash, () => toTrash));
  onClick(".clear", () => selection.clear());
  selection.addEventListener("change", () => update(bar));
  update(bar);
  return bar;
}

/** @param {HTMLElement} bar */
function update(bar) {
  const hadFocus = bar.contains(document.activeElement);
  const isTrash = selected().some((memo) => stateOf(memo) === "trashed");
  bar.hidden = selection.size === 0;
  setText(findElement(bar, ".count"), "selectedCount", { count: selection.size });
  setText(findButton(bar, ".archive-all"), areArchived() ? "unarchive" : "archive");
  for (const name of [".archive-all", ".tag-all", ".trash-all"]) findButton(bar, name).hidden = isTrash;
  findButton(bar, ".restore-all").hidden = !isTrash;
  if (bar.hidden && hadFocus) /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
}

const selected = () => selection.ids.map((id) => memos.get(id)).filter((memo) => memo !== null);
const areArchived = () => selected().every((memo) => memo.archived);

/** @type {Plan} */
const toTrash = (memo) => (memo.trashed_at ? null : { trashed: true });
/** @type {Plan} */
const fromTrash = (memo) => (memo.trashed_at ? { trashed: false } : null);

/** @param {boolean} archived */
function archive(archived) {
  /** @param {boolean} is @returns {Plan} */
  const to = (is) => (memo) => (memo.archived === is ? null : { archived: is });
  return change(archived ? "manyArchived" : "manyUnarchived", to(archived), () => to(!archived));
}

async function addTag() {
  const tag = await askTag({ title: "addTag", hint: "addTagHint", yes: "add" });
  if (tag === null) return;
  /** @type {Plan} */
  const plan = (memo) => (tagsOf(memo.text).includes(foldText(tag)) ? null : { text: withTag(memo.text, tag) });
  await change("manyTagged", plan, (before) => (memo) => {
    const old = before.get(memo.id);
    return old && memo.text === withTag(old.text, tag) ? { text: old.text } : null;
  });
}

/** The text with a tag at its end, beside others if its last line is made of them.
 * @param {string} text @param {string} tag */
export function withTag(text, tag) {
  const end = text.trimEnd();
  const isAmongTags = /(^|\n)[ \t]*(#[^\s#]+[ \t]*)+$/u.test(end);
  return `${end}${isAmongTags ? " " : "\n\n"}#${tag}`;
}

/**
 * Changes all that is selected, tells it, and offers the way back.
 * @param {TextKey} key
 * @param {Plan} plan
 * @param {(before: Map<string, LocalMemo>) => Plan} back from what was there before
 */
async function change(key, plan, back) {
  const { ids } = selection;
  selection.clear();
  try {
    const before = await memos.change(ids, plan);
    const undo = async () => {
      await memos.change([...before.keys()], back(before));
      notify({ key: "undone" });
    };
    notify({ key, params: { count: before.size } }, { undo: () => void undo().catch(notifyError) });
  } catch (error) {
    notifyError(error);
  }
}
