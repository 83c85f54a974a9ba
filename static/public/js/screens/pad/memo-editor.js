// <memo-editor>: a memo's text while it is being changed. Fires `done` with its outcome.

import { newAttempt } from "../../data/memo-service.js";
import { drafts, memos } from "../../data/stores.js";
import { isProblem } from "../../lib/api.js";
import { SAVE_KEYS } from "../../lib/device.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { onShortcuts } from "../../lib/shortcuts.js";
import { validateMemo } from "../../lib/text.js";
import { clearToast, notify, notifyError, notifyTrouble } from "../toast/toast.js";
import { MemoConflict } from "./memo-conflict.js";

/** @typedef {import("../../data/memo-service.js").Memo} Memo */
/** @typedef {import("../../data/drafts.js").Draft} Draft */
/**
 * How an edit ended: whether the memo is gone, and what was thrown away.
 * @typedef {{isGone?: boolean, discarded?: Draft}} Outcome
 */

export class MemoEditor extends HTMLElement {
  #id = "";
  /** The version that the text is a change of. */
  #base = 0;
  #isGone = false;
  #attempt = newAttempt();
  #busy = false;
  #form = find(this, "form", HTMLFormElement);
  #text = find(this, "textarea", HTMLTextAreaElement);
  #below = findElement(this, ".below");
  #conflict = fromTemplate("memo-conflict", MemoConflict);

  constructor() {
    super();
    this.#below.before(this.#conflict);
    setText(findElement(this, ".shortcut"), "editShortcut", { keys: SAVE_KEYS });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#text.addEventListener("input", () => this.#keepDraft());
    findButton(this, ".cancel").addEventListener("click", () => this.#cancel());
    this.#conflict.addEventListener("take-theirs", () => this.#end({ isGone: this.#isGone }));
    this.#conflict.addEventListener("keep-mine", () => {
      // Only this choice, with theirs in sight, makes the text a change of theirs.
      this.#base = this.#conflict.version ?? this.#base;
      this.#save();
    });
    onShortcuts(this.#text, { save: () => this.#conflict.hidden && this.#save(), cancel: () => this.#cancel() });
  }

  /** Begins to edit a memo, going on from `draft`.
   * @param {Memo} memo
   * @param {Draft} draft */
  start(memo, draft) {
    this.#id = memo.id;
    this.#base = draft.version ?? memo.version;
    this.#text.value = draft.text;
    if (draft !== memo) this.#keepDraft();
  }

  focus() {
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
  }

  #keepDraft() {
    const text = this.#text.value;
    if (text === memos.get(this.#id)?.text) drafts.delete(this.#id);
    else drafts.set(this.#id, { text, version: this.#base });
  }

  /** @param {Outcome} outcome */
  #end(outcome) {
    drafts.delete(this.#id);
    this.dispatchEvent(new CustomEvent("done", { detail: outcome }));
  }

  #cancel() {
    if (this.#busy || !this.#conflict.hidden) return;
    const text = this.#text.value;
    this.#end(text === memos.get(this.#id)?.text ? {} : { discarded: { text, version: this.#base } });
  }

  async #save() {
    if (this.#busy) return;
    const text = this.#text.value;
    const invalid = validateMemo(text);
    if (invalid) {
      notifyTrouble(invalid);
      this.#text.focus();
      return;
    }
    this.#setBusy(true);
    try {
      await (this.#isGone ? this.#saveAsNew(text) : this.#change(text));
    } catch (error) {
      notifyError(error);
    } finally {
      this.#setBusy(false);
    }
  }

  /** @param {string} text */
  async #change(text) {
    const memo = memos.get(this.#id);
    if (this.#base === memo?.version && text === memo.text) {
      this.#end({});
      return;
    }
    try {
      await memos.save({ id: this.#id, version: this.#base }, text);
      this.#end({});
      notify({ key: "saved" });
    } catch (error) {
      if (isProblem(error, "stale-version")) await this.#meetTheirs(text);
      else if (isProblem(error, "not-found")) this.#showConflict(null);
      else throw error;
    }
  }

  /** @param {string} text */
  async #saveAsNew(text) {
    await memos.create(text, this.#attempt);
    this.#end({ isGone: true });
    notify({ key: "saved" });
  }

  /** Shows what was saved elsewhere; nothing is lost until its author chooses.
   * @param {string} text */
  async #meetTheirs(text) {
    let theirs;
    try {
      theirs = await memos.read(this.#id);
    } catch (error) {
      if (!isProblem(error, "not-found")) throw error;
      this.#showConflict(null);
      return;
    }
    if (theirs.text === text) {
      // Our own change, whose answer got lost on the way.
      this.#end({});
      notify({ key: "saved" });
      return;
    }
    this.#showConflict(theirs);
  }

  /** @param {Memo | null} theirs null: deleted */
  #showConflict(theirs) {
    this.#isGone = theirs === null;
    this.#below.hidden = true;
    this.#keepDraft();
    this.#conflict.show(theirs);
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#busy = isBusy;
    this.#form.ariaBusy = String(isBusy);
    this.#text.readOnly = isBusy;
    if (isBusy) clearToast();
  }
}

customElements.define("memo-editor", MemoEditor);

/** An editor for `memo`, going on from `draft`.
 * @param {Memo} memo
 * @param {Draft} draft */
export function createEditor(memo, draft) {
  const editor = fromTemplate("memo-editor", MemoEditor);
  editor.start(memo, draft);
  return editor;
}
