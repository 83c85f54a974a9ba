// <memo-composer>: the pad for a new memo. Fires `memo-created` with the memo.

import { drafts } from "./drafts.js";
import { setText } from "./i18n.js";
import { onKeys, shortcut } from "./keys.js";
import { create, newAttempt, objection } from "./memos.js";
import { complain, say } from "./status.js";

const DRAFT = "new";

class MemoComposer extends HTMLElement {
  #form = this.querySelector("form");
  #text = this.querySelector("textarea");
  #busy = false;

  connectedCallback() {
    setText(this.querySelector(".shortcut"), shortcut("saveShortcut"));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    // Another text is another attempt, so the old one's name goes.
    this.#text.addEventListener("input", () => drafts.set(DRAFT, { text: this.#text.value }));
    onKeys(this.#text, { save: () => this.#form.requestSubmit(), cancel: () => this.#text.blur() });
  }

  /** Shows what the person signed in was writing, or nothing. */
  open() {
    this.#text.value = drafts.get(DRAFT)?.text ?? "";
  }

  /** Empties the pad, keeping the draft. */
  clear() {
    this.#text.value = "";
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
    // The attempt's name is kept with the draft: also after a reload, saving the same text again is the same attempt.
    const attempt = drafts.get(DRAFT)?.attempt ?? newAttempt();
    drafts.set(DRAFT, { text, attempt });
    this.#setBusy(true);
    try {
      const memo = await create(text, attempt);
      drafts.drop(DRAFT);
      this.clear();
      this.dispatchEvent(new CustomEvent("memo-created", { detail: memo }));
      say("saved");
    } catch (error) {
      complain(error);
    } finally {
      this.#setBusy(false);
    }
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.#form.ariaBusy = String(busy);
    this.#text.readOnly = busy;
  }
}

customElements.define("memo-composer", MemoComposer);
