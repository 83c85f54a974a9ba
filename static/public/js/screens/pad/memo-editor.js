// <memo-editor>: a memo's text while it is being changed. It saves by itself, and says so. Fires `done` with its outcome.

import { Autosave } from "../../data/autosave.js";
import { memos, tags, workspace } from "../../data/stores.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";
import { onShortcuts } from "../../lib/shortcuts.js";
import { takeUp } from "../../lib/text-field.js";
import { notifyError, notifyTrouble } from "../toast/toast.js";
import { stateOfMemo } from "./memo-state.js";
import { addTools } from "./writing-tools.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */
/** How an edit ended: whether the memo is gone, and what was thrown away.
 * @typedef {{isGone?: boolean, discarded?: string}} Outcome */

export class MemoEditor extends HTMLElement {
  #id = "";
  /** The memo's text when the edit began. */
  #original = "";
  #isBusy = false;
  #isComposing = false;
  /** @type {Autosave | null} */
  #autosave = null;
  /** Ends everything that the editor listens to outside of itself. */
  #listening = new AbortController();
  #form = find(this, "form", HTMLFormElement);
  #text = find(this, "textarea", HTMLTextAreaElement);

  constructor() {
    super();
    addTools(this.#text, () => tags.newest);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#finish();
    });
    this.#text.addEventListener("input", () => this.#write());
    this.#text.addEventListener("blur", () => this.#autosave?.flush());
    this.#text.addEventListener("compositionstart", () => (this.#isComposing = true));
    this.#text.addEventListener("compositionend", () => {
      this.#isComposing = false;
      this.#catchUp();
    });
    findButton(this, ".cancel").addEventListener("click", () => this.#discard());
    onShortcuts(this.#text, { save: () => this.#finish(), cancel: () => this.#finish() });
  }

  /** Begins to edit a memo, going on from `text`.
   * @param {LocalMemo} memo
   * @param {string} text */
  start(memo, text) {
    this.#id = memo.id;
    this.#original = memo.text;
    this.#text.value = text;
    const autosave = new Autosave(memo, { memos, isComposing: () => this.#isComposing });
    this.#autosave = autosave;
    for (const event of ["kept", "failed"]) autosave.addEventListener(event, () => this.#showState());
    autosave.addEventListener("text", () => takeUp(this.#text, autosave.text));
    if (text !== memo.text) autosave.write(text);
    this.#showState();
    const { signal } = this.#listening;
    memos.writers.add(autosave);
    signal.addEventListener("abort", () => memos.writers.delete(autosave));
    document.addEventListener("visibilitychange", () => document.hidden && autosave.flush(), { signal });
    workspace.addEventListener("change", () => this.#showState(), { signal });
    memos.addEventListener("change", () => this.#catchUp(), { signal });
    memos.addEventListener("clear", () => this.#stop(), { signal }); // Somebody else is signed in, or nobody.
  }

  focus() {
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
    this.#text.scrollTop = this.#text.scrollHeight; // The caret is to be seen.
  }

  #write() {
    this.#autosave?.write(this.#text.value);
    this.#showState();
  }

  /** Shows what has come from elsewhere. */
  #catchUp() {
    this.#autosave?.takeUp();
    this.#showState();
  }

  /** Keeps what there is, and closes. */
  #finish() {
    return this.#await(async (autosave) => {
      if (!(await autosave.flush())) {
        if (autosave.failure) notifyError(autosave.failure);
        return;
      }
      const memo = memos.get(this.#id);
      const words = memo && stateOfMemo(memo);
      if (memo?.status === "refused" && words?.why) notifyTrouble(words.why);
      else this.#end({ isGone: memo === null });
    });
  }

  /** Goes back to the text as it was when the edit began. */
  #discard() {
    return this.#await(async (autosave) => {
      const discarded = this.#text.value;
      if (discarded !== this.#original) autosave.write(this.#original);
      if (await autosave.flush()) this.#end(discarded === this.#original ? {} : { discarded });
      else autosave.write(discarded);
    });
  }

  /** Does what its author asked for, one thing at a time.
   * @param {(autosave: Autosave) => Promise<void>} act */
  async #await(act) {
    if (this.#isBusy || !this.#autosave) return;
    this.#isBusy = true;
    await act(this.#autosave).finally(() => (this.#isBusy = false));
  }

  /** @param {Outcome} outcome */
  #end(outcome) {
    this.#stop();
    this.dispatchEvent(new CustomEvent("done", { detail: outcome }));
  }

  #stop() {
    this.#autosave?.stop();
    this.#listening.abort();
  }

  #showState() {
    const autosave = this.#autosave;
    const memo = memos.get(this.#id);
    if (!autosave || !memo) return;
    const isUnkept = autosave.failure !== null;
    const { what, why, isTrouble } = stateOfMemo(memo);
    const state = findElement(this, ".state");
    state.classList.toggle("trouble", isTrouble || isUnkept);
    state.ariaLive = isTrouble || isUnkept ? "polite" : "off"; // Who listens need not hear of every pause.
    const said = isUnkept ? "stateUnkept" : autosave.isKept ? what.key : "stateSaving";
    setText(findElement(state, ".what"), said);
    const reason = isUnkept ? textOf(autosave.failure) : why;
    setText(findElement(state, ".why"), reason?.key ?? null, reason?.params);
  }
}

customElements.define("memo-editor", MemoEditor);

/** An editor for `memo`, going on from `text`.
 * @param {LocalMemo} memo
 * @param {string} text */
export function createEditor(memo, text) {
  const editor = fromTemplate("memo-editor", MemoEditor);
  editor.start(memo, text);
  return editor;
}
