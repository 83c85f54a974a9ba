// <pad-screen>: the composer with the stream of memos, or one memo alone.

import { memos } from "../../data/stores.js";
import { isProblem, SignedOut } from "../../lib/api.js";
import { hasKeyboard } from "../../lib/device.js";
import { findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { notifyError } from "../toast/toast.js";
import { MemoComposer } from "./memo-composer.js";
import { MemoList } from "./memo-list.js";

class PadScreen extends HTMLElement {
  #composer = fromTemplate("memo-composer", MemoComposer);
  #list = fromTemplate("memo-list", MemoList);
  #back = findElement(this, ".back");
  #missing = findElement(this, ".missing");
  /** The id of the memo that is shown alone, or null.
   * @type {string | null} */
  #opened = null;
  /** The id of the memo that is being read, or null.
   * @type {string | null} */
  #reading = null;
  /** @type {import("../../router.js").Router | undefined} */
  router;

  constructor() {
    super();
    this.append(this.#composer, this.#list);
    this.addEventListener("memo-gone", () => this.#leave());
    memos.addEventListener("change", () => this.#readOpened());
  }

  /** Empty, for whoever is signed in from now on, with what they were writing. */
  reset() {
    this.#opened = null;
    this.#composer.reset();
  }

  /**
   * @param {import("../../router.js").Place} place
   * @param {"load" | "go" | "back"} how
   */
  show(place, how) {
    const before = this.#opened;
    this.#opened = place.params.id ?? null;
    const isAlone = this.#opened !== null;
    setText(findElement(this, "h1"), place.route.title);
    this.#back.hidden = !isAlone;
    this.#composer.hidden = isAlone;
    this.#missing.hidden = true;
    this.#list.only = this.#opened;
    this.#readOpened();
    this.#prefill(place);
    if (isAlone) focusHeading(this);
    else if (how === "back" && before !== null) this.#list.focusMemo(before);
    else if (place.route.path === "/new" || (how !== "back" && hasKeyboard())) this.#composer.focus();
  }

  /** Takes what the address brings along, once: a reload would bring it again.
   * @param {import("../../router.js").Place} place */
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

  /** From a memo that is gone to the others. */
  #leave() {
    if (this.#opened !== null) this.router?.go("/", { replace: true });
    // Not to the composer: on a phone that would raise the keyboard.
    focusHeading(this);
  }
}

customElements.define("pad-screen", PadScreen);

/** @param {import("../../router.js").Router} router */
export function createPadScreen(router) {
  const screen = fromTemplate("pad-screen", PadScreen);
  screen.router = router;
  return screen;
}
