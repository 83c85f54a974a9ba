// <pad-screen>: a list of memos, with the pad for a new one where that belongs, or one memo alone.

import { memos, selection, workspace } from "../../data/stores.js";
import { hasKeyboard } from "../../lib/device.js";
import { findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { foldText } from "../../lib/text.js";
import { MemoComposer } from "./memo-composer.js";
import { MemoList } from "./memo-list.js";
import { emptyText, showHead } from "./pad-head.js";

/** @typedef {import("../../router.js").Place} Place */
/** @typedef {import("../../data/view.js").View} View */

class PadScreen extends HTMLElement {
  #head = findElement(this, ".head");
  #composer = fromTemplate("memo-composer", MemoComposer);
  #list = fromTemplate("memo-list", MemoList);
  #missing = findElement(this, ".missing");
  #found = findElement(this, ".found");
  /** @type {View | null} */
  #view = null;
  /** The name of the memo that is shown alone, as the address has it, or null.
   * @type {string | null} */
  #opened = null;
  /** @type {Place | null} */
  #place = null;
  /** @type {import("../../router.js").Router | undefined} */
  router;
  /** Hears that somebody wants to rename a tag.
   * @type {(tag: string) => void} */
  onRename = () => {};

  constructor() {
    super();
    findElement(this, ".selection-slot").before(this.#composer, this.#list);
    // While the pad is in sight, nobody needs the way to it.
    new IntersectionObserver(([{ isIntersecting }]) => {
      document.documentElement.toggleAttribute("data-pad-in-sight", isIntersecting);
    }).observe(this.#composer);
    this.addEventListener("memo-gone", () => this.#leave());
    memos.addEventListener("change", () => {
      this.#showOpened();
      this.#tellFound();
    });
  }

  /** The pad is somebody else's from now on: with what they were writing. */
  reset() {
    this.#composer.reset();
  }

  /** Hands what is being written over to whose pad it is when `change` is done.
   * @param {() => Promise<void>} change */
  async handOver(change) {
    const text = this.#composer.take();
    await change();
    if (text.trim() !== "") this.#composer.add(text);
  }

  /** The cards as they stand, from the top. */
  get cards() {
    return this.#list.cards;
  }

  /** Begins a new memo here. */
  compose() {
    this.#composer.focus();
  }

  /**
   * @param {Place} place
   * @param {"load" | "go" | "back"} how
   */
  show(place, how) {
    const before = this.#opened;
    const view = viewOf(place);
    if (view !== this.#view || view === null) selection.clear();
    this.#view = view;
    this.#opened = place.params.id ?? null;
    showHead(this.#head, place, (tag) => this.onRename(tag));
    const hasPad = place.route.path === "/" || place.route.path === "/new";
    this.#composer.hidden = !hasPad;
    this.#composer.classList.toggle("whole", place.route.path === "/new");
    this.#list.show({ view, only: this.#openedId, empty: emptyText(place) });
    this.#place = place;
    this.#showOpened();
    this.#tellFound();
    this.#prefill(place);
    if (this.#opened === null && how === "back" && before !== null) this.#list.focusMemo(memos.get(before)?.id ?? before);
    else if (hasPad && (place.route.path === "/new" || (how !== "back" && hasKeyboard()))) this.#composer.focus();
    else if (!document.activeElement?.closest("search")) focusHeading(this);
  }

  /** Tells, also those who do not see it, how much a search has found. */
  #tellFound() {
    const isSearch = this.#view !== null && this.#view.query.q !== "";
    const count = this.#view?.found.length ?? 0;
    if (isSearch && count > 0) setText(this.#found, (workspace.owner ? memos.isWhole : memos.isLoaded) ? "found" : "foundSoFar", { count });
    else setText(this.#found, null);
  }

  /** Takes what the address brings along, once: a reload would bring it again.
   * @param {Place} place */
  #prefill({ route, query }) {
    const parts = ["title", "text", "url"].map((name) => query.get(name) ?? "");
    const text = parts.filter((part) => part.trim() !== "").join("\n");
    if (route.path !== "/new" || query.size === 0) return;
    if (text) this.#composer.add(text);
    this.router?.go("/new", { replace: true });
  }

  /** The id on this device of the memo that is shown alone: its name in the address may be the server's. */
  get #openedId() {
    return this.#opened === null ? null : (memos.get(this.#opened)?.id ?? this.#opened);
  }

  /** Shows the memo alone as soon as it is here, or says that there is none. */
  #showOpened() {
    const isHere = this.#opened === null || memos.get(this.#opened) !== null || this.#list.isEditing(this.#openedId ?? "");
    this.#missing.hidden = isHere || !(workspace.owner ? memos.isWhole : memos.isLoaded);
    if (this.#opened !== null && this.#place) this.#list.show({ view: null, only: this.#openedId, empty: emptyText(this.#place) });
  }

  /** From a memo that is gone to the others. In a list the focus has gone to a neighbour. */
  #leave() {
    if (this.#opened === null) return;
    this.router?.go("/", { replace: true });
    // Not to the composer: on a phone that would raise the keyboard.
    focusHeading(this);
  }
}

/** The list of a place, or null where there is none.
 * @param {Place} place */
function viewOf({ route, params, query }) {
  const q = (query.get("q") ?? "").trim();
  if (route.state === undefined || (route.path === "/search" && q === "")) return null;
  return memos.view({ state: route.state, tag: foldText(params.tag ?? ""), q: route.path === "/search" ? q : "" });
}

customElements.define("pad-screen", PadScreen);

/** @param {import("../../router.js").Router} router */
export function createPadScreen(router) {
  const screen = fromTemplate("pad-screen", PadScreen);
  screen.router = router;
  return screen;
}
