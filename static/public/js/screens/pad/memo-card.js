// <memo-card>: one memo, to read, tick, organise and edit. Fires `edit-end` when its editor has closed, and `memo-gone`
// when the memo is no longer there because of what was done in the card.

import { stateOf } from "../../data/query.js";
import { selection } from "../../data/stores.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime } from "../../lib/i18n.js";
import { pathOfTag } from "../../lib/tags.js";
import { memoAddress } from "../../routes.js";
import { menuButton } from "../menu/menu.js";
import { tellMissing } from "../release/release-offer.js";
import { clearToast, notify } from "../toast/toast.js";
import { onPress } from "./card-press.js";
import { CardText } from "./card-text.js";
import { stateOfMemo } from "./memo-state.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */

/** How many tags are named below a memo. */
const TAGS_MAX = 8;
const EXCERPT_LETTERS = 60;

/** The editor, once it has come: a visit begins without it.
 * @type {typeof import("./memo-editor.js") | null} */
let editors = null;

/** Gets the editor, so that it is there when somebody wants to write. */
export async function loadEditors() {
  editors ??= await import("./memo-editor.js");
}

export class MemoCard extends HTMLElement {
  /** @type {LocalMemo | null} */
  #memo = null;
  /** @type {import("./memo-editor.js").MemoEditor | null} */
  #editor = null;
  /** @type {import("./memo-conflict.js").MemoConflict | null} */
  #conflict = null;
  #text = new CardText(this);
  #pick = find(this, ".pick input", HTMLInputElement);

  constructor() {
    super();
    findButton(this, ".edit").addEventListener("click", () => this.edit());
    findButton(this, ".restore").addEventListener("click", () => this.#restore());
    menuButton(findButton(this, ".more-button"), () => this.#offer());
    this.#pick.addEventListener("change", () => this.select());
    this.addEventListener("select-memo", () => this.select());
    onPress(this, { open: () => this.open(), edit: () => this.edit(), select: () => this.select() });
  }

  /** The memo that is shown. */
  get memo() {
    return this.#memo;
  }

  /** @param {LocalMemo | null} memo */
  set memo(memo) {
    if (this.#memo === memo || memo === null) return;
    this.#memo = memo;
    this.dataset.id = memo.id;
    const state = stateOf(memo);
    this.dataset.state = state;
    this.#text.show(memo);
    findElement(this, ".excerpt").textContent = memo.text.trim().split("\n", 1)[0].slice(0, EXCERPT_LETTERS);
    find(this, ".open", HTMLAnchorElement).href = memoAddress(memo);
    setTime(find(this, "time", HTMLTimeElement), memo.created_at);
    findElement(this, ".edited").hidden = memo.updated_at === memo.created_at;
    findElement(this, ".is-pinned").hidden = !memo.pinned;
    findElement(this, ".tags-of").replaceChildren(...memo.tags.slice(0, TAGS_MAX).map(tagLink));
    findButton(this, ".edit").hidden = state === "trashed";
    findButton(this, ".restore").hidden = state !== "trashed";
    this.showState();
    this.#showConflict();
  }

  /** Says where the memo is, which may change while the memo does not. */
  showState() {
    if (!this.#memo) return;
    const { what, why, isTrouble } = stateOfMemo(this.#memo);
    const state = findElement(this, ".where");
    state.dataset.status = this.#memo.status;
    state.classList.toggle("trouble", isTrouble);
    setText(findElement(state, ".what"), what.key, what.params);
    setText(findElement(state, ".why"), why?.key ?? null, why?.params);
  }

  /** What there is to decide comes when there is something. */
  async #showConflict() {
    const shown = this.querySelector("memo-conflict");
    if (!this.#memo?.conflict) {
      shown?.remove();
      return;
    }
    const conflicts = await import("./memo-conflict.js").catch(tellMissing);
    if (!conflicts || !this.#memo?.conflict) return; // Decided by now.
    this.#conflict ??= conflicts.createConflict();
    if (!this.#conflict.isConnected) this.append(this.#conflict);
    this.#conflict.show(this.#memo);
  }

  /** Alone on its page, a memo is shown whole.
   * @param {boolean} isAlone */
  set isAlone(isAlone) {
    this.#text.isAlone = isAlone;
  }

  /** What was searched for, to be marked. @param {string} q */
  set search(q) {
    this.#text.search = q;
  }

  /** @param {boolean} isSelected */
  set isSelected(isSelected) {
    this.#pick.checked = isSelected;
    this.classList.toggle("selected", isSelected);
  }

  /** Moves the focus to the memo's link. */
  focus() {
    find(this, ".open", HTMLAnchorElement).focus({ preventScroll: true });
  }

  /** Shows the memo alone. */
  open() {
    find(this, ".open", HTMLAnchorElement).click();
  }

  /** Selects the memo, or no longer. */
  select() {
    if (this.#memo) selection.toggle(this.#memo.id);
  }

  /** What the menu offers, which comes when it is first opened. */
  async #offer() {
    const actions = await actionsOnDemand();
    return this.#memo && actions ? actions.itemsFor(this.#memo, this) : [];
  }

  async #restore() {
    const actions = await actionsOnDemand();
    if (this.#memo) await actions?.restore(this.#memo);
  }

  get isEditing() {
    return this.#editor !== null;
  }

  /** Opens the editor.
   * @param {string} [text] what to go on from; without it, the memo's text */
  edit(text) {
    if (!this.#memo || stateOf(this.#memo) === "trashed" || this.#editor) return;
    clearToast();
    this.#withEditors(() => this.#openEditor(text)?.focus());
  }

  /** Acts at once where the editor is there: a phone shows its keyboard only for what a finger has just done.
   * @param {() => void} act */
  #withEditors(act) {
    if (editors) act();
    else loadEditors().then(act, tellMissing);
  }

  /** @param {string} [text] */
  #openEditor(text) {
    if (!editors || !this.#memo || this.#editor) return this.#editor;
    const editor = editors.createEditor(this.#memo, text ?? this.#memo.text);
    editor.addEventListener("done", (event) => this.#closeEditor(/** @type {CustomEvent} */ (event).detail));
    this.#editor = editor;
    this.append(editor);
    findElement(this, ".shown").hidden = true;
    return editor;
  }

  /** @param {import("./memo-editor.js").Outcome} outcome */
  #closeEditor({ isGone, discarded }) {
    const list = this.parentElement;
    const { activeElement, body } = document;
    const isElsewhere = activeElement !== body && !this.contains(activeElement); // Its author has gone on already.
    this.#editor?.remove();
    this.#editor = null;
    findElement(this, ".shown").hidden = false;
    this.dispatchEvent(new CustomEvent("edit-end", { bubbles: true }));
    if (isGone) {
      list?.dispatchEvent(new CustomEvent("memo-gone", { bubbles: true }));
      return;
    }
    if (!isElsewhere) findButton(this, ".edit").focus();
    if (discarded) notify({ key: "editDiscarded" }, { undo: () => this.edit(discarded) });
  }
}

async function actionsOnDemand() {
  try {
    return await import("./memo-actions.js");
  } catch {
    tellMissing();
    return null;
  }
}

/** @param {string} tag */
function tagLink(tag) {
  const link = document.createElement("a");
  link.href = pathOfTag(tag);
  link.textContent = `#${tag}`;
  return link;
}

customElements.define("memo-card", MemoCard);

/** A card that shows `memo`.
 * @param {LocalMemo} memo */
export function createCard(memo) {
  const card = fromTemplate("memo-card", MemoCard);
  card.memo = memo;
  setText(findElement(card, ".unfold"), "showAll");
  return card;
}
