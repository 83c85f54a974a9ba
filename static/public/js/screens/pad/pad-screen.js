// <pad-screen>: a list of memos, with the pad for a new one where that belongs, or one memo alone.

import { memos, selection } from "../../data/stores.js";
import { isProblem, SignedOut } from "../../lib/api.js";
import { hasKeyboard } from "../../lib/device.js";
import { findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { foldText } from "../../lib/text.js";
import { notifyError } from "../toast/toast.js";
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
  /** The id of the memo that is shown alone, or null.
   * @type {string | null} */
  #opened = null;
  /** The id of the memo that is being read, or null.
   * @type {string | null} */
  #reading = null;
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
      this.#readOpened();
      this.#tellFound();
    });
  }

  /** Empty, for whoever is signed in from now on, with what they were writing. */
  reset() {
    this.#opened = null;
    this.#view = null;
    this.#composer.reset();
  }

  /** Whether what belongs to the place is there. */
  get isLoaded() {
    return this.#opened !== null ? memos.get(this.#opened) !== null : (this.#view?.isOpen ?? false);
  }

  /** Catches up with what was changed elsewhere. */
  refresh() {
    if (this.#opened !== null) memos.read(this.#opened).catch(() => {});
    else this.#view?.refresh();
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
    if (this.#view && view !== this.#view) this.#view.rest();
    if (view !== this.#view || view === null) selection.clear();
    const isOther = view !== this.#view;
    this.#view = view;
    this.#opened = place.params.id ?? null;
    showHead(this.#head, place, (tag) => this.onRename(tag));
    const hasPad = place.route.path === "/" || place.route.path === "/new";
    this.#composer.hidden = !hasPad;
    this.#composer.classList.toggle("whole", place.route.path === "/new");
    this.#missing.hidden = true;
    this.#list.show({ view, only: this.#opened, empty: emptyText(place) });
    this.#readOpened();
    this.#load(isOther && how !== "back");
    this.#prefill(place);
    if (this.#opened === null && how === "back" && before !== null) this.#list.focusMemo(before);
    else if (hasPad && (place.route.path === "/new" || (how !== "back" && hasKeyboard()))) this.#composer.focus();
    else if (!document.activeElement?.closest("search")) focusHeading(this);
  }

  /** @param {boolean} isFresh whether one has come here to see what there is by now */
  #load(isFresh) {
    if (!this.#view) return;
    if (!this.#view.isOpen) this.#view.loadMore();
    else if (isFresh) this.#view.refresh();
    this.#tellFound();
  }

  /** Tells, also those who do not see it, how much a search has found. */
  #tellFound() {
    const isSearch = this.#view !== null && this.#view.query.q !== "";
    const count = this.#view?.ids.length ?? 0;
    const isDone = isSearch && !this.#view?.isLoading && count > 0;
    if (isDone) setText(this.#found, this.#view?.hasMore ? "foundSoFar" : "found", { count });
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

  /** Makes sure that the memo which is shown alone is known. */
  async #readOpened() {
    const id = this.#opened;
    const isKnown = id === null || memos.get(id) || this.#list.isEditing(id) || !this.#missing.hidden;
    if (isKnown || this.#reading === id) return;
    this.#reading = id;
    try {
      await memos.read(id);
    } catch (error) {
      if (isProblem(error, "not-found") && this.#opened === id) this.#missing.hidden = false;
      else if (!(error instanceof SignedOut)) notifyError(error);
    } finally {
      this.#reading = null;
    }
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
