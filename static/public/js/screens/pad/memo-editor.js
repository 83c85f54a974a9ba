// <memo-editor>: a memo's text while it is being changed. It saves by itself, and says so. Fires `done` with its outcome.

import { Autosave } from "../../data/autosave.js";
import { knownTags } from "../../data/known-tags.js";
import { newAttempt } from "../../data/memo-service.js";
import { drafts, memos } from "../../data/stores.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { onShortcuts } from "../../lib/shortcuts.js";
import { notify, notifyError, notifyTrouble } from "../toast/toast.js";
import { MemoConflict } from "./memo-conflict.js";
import { addTools } from "./writing-tools.js";

/** @typedef {import("../../data/memo-service.js").Memo} Memo */
/** @typedef {import("../../data/drafts.js").Draft} Draft */
/**
 * How an edit ended: whether the memo is gone, and what was thrown away.
 * @typedef {{isGone?: boolean, discarded?: Draft}} Outcome
 */

/** @type {Record<import("../../data/autosave.js").State["kind"], import("../../lib/i18n.js").TextKey | null>} */
const WORDS = {
  saved: "stateSaved",
  saving: "stateSaving",
  kept: "stateKept",
  failed: "stateFailed",
  unkept: "stateUnkept",
  conflict: null,
};

export class MemoEditor extends HTMLElement {
  #id = "";
  /** The memo's text when the edit began. */
  #original = "";
  #isGone = false;
  #attempt = newAttempt();
  #isBusy = false;
  /** Whether its author waits for an answer; otherwise nothing may take the focus out of the text. */
  #isAwaited = false;
  /** @type {Autosave | null} */
  #autosave = null;
  /** Ends everything that the editor listens to outside of itself. */
  #listening = new AbortController();
  #form = find(this, "form", HTMLFormElement);
  #text = find(this, "textarea", HTMLTextAreaElement);
  #below = findElement(this, ".below");
  #conflict = fromTemplate("memo-conflict", MemoConflict);

  constructor() {
    super();
    this.#below.before(this.#conflict);
    addTools(this.#text, knownTags);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#finish();
    });
    this.#text.addEventListener("input", () => this.#autosave?.write(this.#text.value));
    this.#text.addEventListener("blur", () => this.#autosave?.flush());
    findButton(this, ".cancel").addEventListener("click", () => this.#discard());
    this.#conflict.addEventListener("take-theirs", () => this.#end({ isGone: this.#isGone }));
    this.#conflict.addEventListener("keep-mine", () => this.#keepMine());
    onShortcuts(this.#text, { save: () => this.#finish(), cancel: () => this.#finish() });
  }

  /** Begins to edit a memo, going on from `draft`.
   * @param {Memo} memo
   * @param {Draft} draft */
  start(memo, draft) {
    this.#id = memo.id;
    this.#original = memo.text;
    this.#text.value = draft.text;
    const autosave = new Autosave(memo, draft, { memos, drafts });
    this.#autosave = autosave;
    autosave.addEventListener("state", () => this.#showState());
    autosave.addEventListener("conflict", (event) => this.#showConflict(/** @type {CustomEvent} */ (event).detail));
    this.#showState();
    const { signal } = this.#listening;
    const saveAll = () => void autosave.flush();
    addEventListener("pagehide", saveAll, { signal });
    addEventListener("online", saveAll, { signal });
    document.addEventListener("visibilitychange", () => document.hidden && saveAll(), { signal });
    memos.addEventListener("clear", () => this.#stop(), { signal }); // Somebody else is signed in, or nobody.
  }

  focus() {
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
    this.#text.scrollTop = this.#text.scrollHeight; // The caret is to be seen.
  }

  /** Saves what there is, and closes when all of it is saved. */
  #finish() {
    return this.#await(async (autosave) => {
      if (await autosave.flush()) this.#end({});
      else tellWhy(autosave.state);
    });
  }

  /** Goes back to the text as it was when the edit began, which may have to be saved, too. */
  #discard() {
    return this.#await(async (autosave) => {
      const discarded = this.#text.value;
      if (discarded === this.#original && autosave.isSaved) {
        this.#end({});
        return;
      }
      autosave.write(this.#original);
      if (await autosave.flush()) this.#end({ discarded: { text: discarded, version: autosave.version } });
      else {
        tellWhy(autosave.state);
        autosave.write(discarded);
      }
    });
  }

  /** Puts the text over theirs, which its author has seen, or makes a new memo of it where there is none any more. */
  #keepMine() {
    return this.#await(async (autosave) => {
      const { version } = this.#conflict;
      if (version === null) {
        await memos.create(this.#text.value, this.#attempt);
        this.#end({ isGone: true });
        notify({ key: "saved" });
        return;
      }
      this.#hideConflict();
      if (await autosave.keepOver(version)) this.#end({});
    });
  }

  /** Does what its author asked for, one thing at a time.
   * @param {(autosave: Autosave) => Promise<void>} act */
  async #await(act) {
    if (this.#isBusy || !this.#autosave) return;
    this.#isBusy = true;
    this.#isAwaited = true;
    this.#form.ariaBusy = "true";
    try {
      await act(this.#autosave);
    } catch (error) {
      notifyError(error);
    } finally {
      this.#isBusy = false;
      this.#isAwaited = false;
      this.#form.ariaBusy = "false";
    }
  }

  /** @param {Outcome} outcome */
  #end(outcome) {
    this.#stop();
    drafts.delete(this.#id);
    this.dispatchEvent(new CustomEvent("done", { detail: outcome }));
  }

  #stop() {
    this.#autosave?.stop();
    this.#listening.abort();
  }

  #showState() {
    const { kind, reason } = this.#autosave?.state ?? { kind: "saved" };
    const state = findElement(this, ".state");
    const isTrouble = !["saved", "saving"].includes(kind);
    state.classList.toggle("trouble", isTrouble);
    state.ariaLive = isTrouble ? "polite" : "off"; // Who listens need not hear of every pause.
    setText(findElement(state, ".what"), WORDS[kind]);
    setText(findElement(state, ".why"), reason?.key ?? null, reason?.params);
  }

  /** Shows what was saved elsewhere; nothing is lost until its author chooses.
   * @param {Memo | null} theirs null: deleted */
  #showConflict(theirs) {
    this.#isGone = theirs === null;
    this.#below.hidden = true;
    this.#conflict.show(theirs, { isAwaited: this.#isAwaited });
  }

  #hideConflict() {
    this.#below.hidden = false;
    this.#conflict.hidden = true;
  }
}

/** Tells somebody who waits why the edit does not close.
 * @param {import("../../data/autosave.js").State} state */
function tellWhy({ kind, reason }) {
  const key = WORDS[kind];
  if (reason) notifyTrouble(reason);
  else if (key) notifyTrouble({ key });
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
