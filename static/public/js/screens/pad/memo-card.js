// <memo-card>: one memo, to read, edit and delete. Fires `edit-end` when its editor has closed, and `memo-gone` when the
// memo is no longer there because of what was done in the card.

import { drafts, memos } from "../../data/stores.js";
import { isProblem, SignedOut } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime } from "../../lib/i18n.js";
import { clearToast, notify, notifyError, notifyTrouble } from "../toast/toast.js";
import { createEditor } from "./memo-editor.js";

/** @typedef {import("../../data/memo-service.js").Memo} Memo */

/** Longer memos are shown folded. */
const LONG = { letters: 1200, lines: 16 };

export class MemoCard extends HTMLElement {
  /** @type {Memo | null} */
  #memo = null;
  /** @type {import("./memo-editor.js").MemoEditor | null} */
  #editor = null;
  #isAlone = false;
  #busy = false;
  #unfold = findButton(this, ".unfold");

  constructor() {
    super();
    /** @param {string} selector @param {() => void} act */
    const onClick = (selector, act) => findButton(this, selector).addEventListener("click", act);
    onClick(".edit", () => this.edit());
    onClick(".delete", () => this.#askToDelete(true));
    onClick(".cancel-delete", () => this.#askToDelete(false));
    onClick(".confirm-delete", () => this.#delete());
    onClick(".unfold", () => this.#fold(!this.classList.contains("folded")));
    findElement(this, ".confirm").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#askToDelete(false);
    });
  }

  /** Shows a memo as the server last told it.
   * @param {Memo} memo */
  set memo(memo) {
    if (this.#memo === memo) return;
    this.#memo = memo;
    this.dataset.id = memo.id;
    findElement(this, ".memo-text").textContent = memo.text;
    find(this, ".open", HTMLAnchorElement).href = `/m/${encodeURIComponent(memo.id)}`;
    setTime(find(this, "time", HTMLTimeElement), memo.created_at);
    findElement(this, ".edited").hidden = memo.version === 1;
    this.#fold(true);
  }

  /** Alone on its page, a memo is shown whole.
   * @param {boolean} isAlone */
  set isAlone(isAlone) {
    if (this.#isAlone === isAlone) return;
    this.#isAlone = isAlone;
    this.#fold(true);
  }

  /** Moves the focus to the memo's link. */
  focus() {
    find(this, ".open", HTMLAnchorElement).focus({ preventScroll: true });
  }

  get isEditing() {
    return this.#editor !== null;
  }

  /** Goes on with a draft of an earlier visit, if there is one. */
  restoreDraft() {
    const draft = this.#memo && drafts.get(this.#memo.id);
    if (draft) this.#openEditor(draft);
  }

  /** Opens the editor.
   * @param {import("../../data/drafts.js").Draft} [draft] what to go on from; without it, the memo's text */
  edit(draft) {
    if (!this.#memo) return;
    clearToast();
    this.#openEditor(draft ?? this.#memo).focus();
  }

  /** @param {import("../../data/drafts.js").Draft} draft */
  #openEditor(draft) {
    const memo = /** @type {Memo} */ (this.#memo);
    const editor = createEditor(memo, draft);
    editor.addEventListener("done", (event) => this.#closeEditor(/** @type {CustomEvent} */ (event).detail));
    this.#editor?.remove();
    this.#editor = editor;
    this.append(editor);
    findElement(this, ".shown").hidden = true;
    return editor;
  }

  /** @param {import("./memo-editor.js").Outcome} outcome */
  #closeEditor({ isGone, discarded }) {
    const list = this.parentElement;
    this.#editor?.remove();
    this.#editor = null;
    findElement(this, ".shown").hidden = false;
    this.dispatchEvent(new CustomEvent("edit-end", { bubbles: true }));
    if (isGone) {
      this.#tellGone(list);
      return;
    }
    findButton(this, ".edit").focus();
    if (discarded) notify({ key: "editDiscarded" }, { undo: () => this.edit(discarded) });
  }

  /** @param {boolean} isFolded */
  #fold(isFolded) {
    const text = this.#memo?.text ?? "";
    const isLong = text.length > LONG.letters || text.split("\n", LONG.lines + 1).length > LONG.lines;
    const isFoldable = isLong && !this.#isAlone;
    this.#unfold.hidden = !isFoldable;
    this.classList.toggle("folded", isFoldable && isFolded);
    this.#unfold.ariaExpanded = String(!isFolded);
    setText(this.#unfold, isFolded ? "showAll" : "showLess");
  }

  /** @param {boolean} isAsking */
  #askToDelete(isAsking) {
    findElement(this, ".actions").hidden = isAsking;
    findElement(this, ".confirm").hidden = !isAsking;
    findButton(this, isAsking ? ".confirm-delete" : ".delete").focus();
  }

  async #delete() {
    if (this.#busy || !this.#memo) return;
    this.#busy = true;
    this.ariaBusy = "true";
    const list = this.parentElement;
    try {
      await memos.delete(this.#memo);
      notify({ key: "deleted" });
      this.#tellGone(list);
    } catch (error) {
      await this.#onDeleteError(error, this.#memo.id);
    } finally {
      this.#busy = false;
      this.ariaBusy = "false";
    }
  }

  /** @param {unknown} error @param {string} id */
  async #onDeleteError(error, id) {
    if (error instanceof SignedOut) return;
    this.#askToDelete(false);
    if (!isProblem(error, "stale-version")) {
      notifyError(error);
      return;
    }
    try {
      await memos.read(id);
      notifyTrouble({ key: "changedBeforeDelete" });
    } catch (another) {
      notifyError(another);
    }
  }

  /** @param {Element | null} list where the card was */
  #tellGone(list) {
    list?.dispatchEvent(new CustomEvent("memo-gone", { bubbles: true }));
  }
}

customElements.define("memo-card", MemoCard);

/** A card that shows `memo`, with its editor open where there is a draft.
 * @param {Memo} memo */
export function createCard(memo) {
  const card = fromTemplate("memo-card", MemoCard);
  card.memo = memo;
  card.restoreDraft();
  return card;
}
