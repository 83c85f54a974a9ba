// <memo-conflict>: what was saved elsewhere, beside the text that is being edited, and the choice between the two.
// Fires `take-theirs` or `keep-mine`.

import { findButton, findElement } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";

let conflicts = 0;

export class MemoConflict extends HTMLElement {
  /** The version that is shown, or null where the memo was deleted.
   * @type {number | null} */
  version = null;
  #why = findElement(this, ".why");
  #theirs = findElement(this, ".theirs");
  #takeTheirs = findButton(this, ".take-theirs");
  #keepMine = findButton(this, ".keep-mine");

  constructor() {
    super();
    // Several editors may be open, and an id is only one element's.
    this.#why.id = `conflict-${(conflicts += 1)}`;
    this.setAttribute("aria-labelledby", this.#why.id);
    this.#takeTheirs.addEventListener("click", () => this.dispatchEvent(new Event("take-theirs")));
    this.#keepMine.addEventListener("click", () => this.dispatchEvent(new Event("keep-mine")));
  }

  /**
   * @param {import("../../data/memo-service.js").Memo | null} theirs the memo as saved elsewhere; null: deleted there
   * @param {{isAwaited: boolean}} options whether somebody waits for it; who is writing is told, and not interrupted
   */
  show(theirs, { isAwaited }) {
    this.version = theirs?.version ?? null;
    this.#theirs.textContent = theirs?.text ?? "";
    this.#theirs.hidden = theirs === null;
    setText(this.#why, theirs ? "conflictChanged" : "conflictDeleted");
    setText(this.#takeTheirs, theirs ? "takeTheirs" : "discardMine");
    setText(this.#keepMine, theirs ? "keepMine" : "saveAsNew");
    this.hidden = false;
    // To neither button: a second Enter must not choose. A screen reader reads the label out.
    if (isAwaited) this.focus();
  }
}

customElements.define("memo-conflict", MemoConflict);
