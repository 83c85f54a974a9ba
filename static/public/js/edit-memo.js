// <edit-memo>: a memo's text while it is being changed. Fires `done` with how it ended: `{memo}` as it is now,
// null if it is gone; `created`, the copy that was saved instead; `discarded`, what was thrown away.

import { drafts } from "./drafts.js";
import { setText, translate } from "./i18n.js";
import { onKeys, shortcut } from "./keys.js";
import { create, newAttempt, objection, read, update } from "./memos.js";
import { complain, hush, say } from "./status.js";

class EditMemo extends HTMLElement {
  /** As the server last told it; null once it is deleted there. */
  #memo = null;
  /** The version that the text is a change of. */
  #base = 0;
  /** Of the draft. */
  #name = "";
  #attempt = newAttempt();
  #busy = false;
  #form = this.querySelector("form");
  #text = this.querySelector("textarea");
  #clash = this.querySelector(".clash");
  #takeTheirs = this.querySelector(".take-theirs");
  #keepMine = this.querySelector(".keep-mine");

  start(memo, draft) {
    this.#memo = memo;
    this.#base = draft.version;
    this.#name = memo.id;
    this.#text.value = draft.text;
    setText(this.querySelector(".shortcut"), shortcut("editShortcut"));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#text.addEventListener("input", () => {
      drafts.set(this.#name, { text: this.#text.value, version: this.#base });
    });
    this.querySelector(".cancel").addEventListener("click", () => this.#cancel());
    this.#takeTheirs.addEventListener("click", () => this.#end({ memo: this.#memo }));
    this.#keepMine.addEventListener("click", () => {
      // Only this choice, with theirs in sight, makes the text a change of theirs.
      if (this.#memo) this.#base = this.#memo.version;
      this.#save();
    });
    onKeys(this.#text, { save: () => this.#clash.hidden && this.#save(), cancel: () => this.#cancel() });
  }

  focus() {
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
  }

  #end(outcome) {
    drafts.drop(this.#name);
    this.dispatchEvent(new CustomEvent("done", { detail: outcome }));
  }

  #cancel() {
    if (this.#busy || !this.#memo) return;
    const text = this.#text.value;
    const discarded = text !== this.#memo.text ? { text, version: this.#base } : undefined;
    this.#end({ memo: this.#memo, discarded });
  }

  async #save() {
    if (this.#busy) return;
    const text = this.#text.value;
    const problem = objection(text);
    if (problem) {
      complain(problem);
      this.#text.focus();
      return;
    }
    this.#setBusy(true);
    try {
      await (this.#memo ? this.#change(text) : this.#copy(text));
    } catch (error) {
      complain(error);
    } finally {
      this.#setBusy(false);
    }
  }

  async #change(text) {
    if (this.#base === this.#memo.version && text === this.#memo.text) {
      this.#end({ memo: this.#memo });
      return;
    }
    try {
      const memo = await update({ id: this.#memo.id, version: this.#base }, text);
      this.#end({ memo });
      say("saved");
    } catch (error) {
      if (error.slug === "stale-version") await this.#meetTheirs(text);
      else if (error.slug === "not-found") this.#deletedElsewhere();
      else throw error;
    }
  }

  async #copy(text) {
    const created = await create(text, this.#attempt);
    this.#end({ memo: null, created });
    say("saved");
  }

  /** Shows what was saved elsewhere; nothing is lost until its author chooses. */
  async #meetTheirs(text) {
    let theirs;
    try {
      theirs = await read(this.#memo);
    } catch (error) {
      if (error.slug !== "not-found") throw error;
      this.#deletedElsewhere();
      return;
    }
    this.#memo = theirs;
    if (theirs.text === text) {
      // Our own change, whose answer got lost on the way.
      this.#end({ memo: theirs });
      say("saved");
      return;
    }
    this.#showClash({ why: "clashChanged", theirs: theirs.text, take: "takeTheirs", keep: "keepMine" });
  }

  #deletedElsewhere() {
    this.#memo = null;
    this.#showClash({ why: "clashDeleted", theirs: "", take: "discardMine", keep: "saveAsNew" });
  }

  #showClash({ why, theirs, take, keep }) {
    const quote = this.querySelector(".theirs");
    quote.textContent = theirs;
    quote.hidden = theirs === "";
    setText(this.querySelector(".clash-why"), why);
    setText(this.#takeTheirs, take);
    setText(this.#keepMine, keep);
    this.#clash.hidden = false;
    this.querySelector(".below").hidden = true;
    // To neither button: a second Enter must not choose. A screen reader reads the label out.
    this.#clash.dataset.label = why;
    translate(this);
    this.#clash.focus();
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.#form.ariaBusy = String(busy);
    this.#text.readOnly = busy;
    if (busy) hush();
  }
}

customElements.define("edit-memo", EditMemo);

const template = document.getElementById("edit-template");

/** An editor for `memo`, going on from `draft`: `{text, version}`. */
export function editorFor(memo, draft) {
  const editor = document.importNode(template.content, true).querySelector("edit-memo");
  translate(editor);
  editor.start(memo, draft);
  return editor;
}
