// What stands above a list: its name, and what can be done to all of it.

import { memos } from "../../data/stores.js";
import { findElement } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { ask } from "../question/question.js";
import { notify, notifyError } from "../toast/toast.js";

/** @typedef {import("../../router.js").Place} Place */
/** @typedef {import("../../lib/error-text.js").Text} Text */

/** What a place is called. @param {Place} place @returns {Text} */
export function titleOf({ route, params, query }) {
  if (params.tag !== undefined) return { key: "tagTitle", params: { tag: params.tag } };
  const q = query.get("q") ?? "";
  if (route.path === "/search" && q !== "") return { key: "searchedTitle", params: { q } };
  return { key: route.title };
}

/** What is said where a list has nothing: what it is for, and how something comes there.
 * @param {Place} place @returns {Text} */
export function emptyText({ route, params, query }) {
  if (params.tag !== undefined) return { key: "noTagMemos", params: { tag: params.tag } };
  if (route.state === "archived") return { key: "noArchived" };
  if (route.state === "trashed") return { key: "noTrash" };
  if (route.path === "/search") return { key: query.get("q") ? "nothingFound" : "searchHint" };
  return { key: "noMemos" };
}

/** @param {HTMLElement} head @param {Place} place @param {(tag: string) => void} rename */
export function showHead(head, place, rename) {
  const { key, params } = titleOf(place);
  setText(findElement(head, "h1"), key, params);
  head.dataset.place = place.route.path;
  findElement(head, ".back").hidden = place.params.id === undefined;
  const actions = findElement(head, ".head-actions");
  const { tag } = place.params;
  if (tag !== undefined) actions.replaceChildren(button("renameTag", () => rename(tag)));
  else if (place.route.state === "trashed") actions.replaceChildren(button("emptyTrash", emptyTrash));
  else actions.replaceChildren();
}

/** @param {import("../../lib/i18n.js").TextKey} key @param {() => void} act */
function button(key, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `quiet ${key}`;
  setText(element, key);
  element.addEventListener("click", act);
  return element;
}

async function emptyTrash() {
  const isAgreed = await ask({
    title: { key: "emptyTrashQuestion" },
    text: { key: "purgeMeaning" },
    yes: "emptyTrash",
    no: "keep",
  });
  if (!isAgreed) return;
  const ids = [...memos.all()].filter((memo) => memo.trashed_at).map(({ id }) => id);
  try {
    await memos.change(ids, (memo) => (memo.trashed_at ? { gone: true } : null));
    notify({ key: "trashEmptied" });
  } catch (error) {
    notifyError(error);
  }
}
