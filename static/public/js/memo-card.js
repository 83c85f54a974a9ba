// <memo-card>: one memo, to read, edit and delete. Fires `memo-deleted` and, for a copy saved as new, `memo-created`.

import { SignedOut } from "./api.js";
import { drafts } from "./drafts.js";
import { editorFor } from "./edit-memo.js";
import { setText, setTime, translate } from "./i18n.js";
import { read, remove } from "./memos.js";
import { complain, hush, say } from "./status.js";

/** What a memo longer than this shows at first is its beginning. */
const LONG = { letters: 1200, lines: 16 };

class MemoCard extends HTMLElement {
  #memo = null;
  #editor = null;
  #busy = false;

  /** As the server last told it. */
  get memo() {
    return this.#memo;
  }

  set memo(memo) {
    this.#memo = memo;
    this.dataset.id = memo.id;
    this.querySelector(".memo-text").textContent = memo.text;
    setTime(this.querySelector("time"), memo.created_at);
    const edited = this.querySelector(".edited");
    edited.hidden = memo.version === 1;
    this.querySelector(".unfold").hidden =
      memo.text.length <= LONG.letters && memo.text.split("\n", LONG.lines + 1).length <= LONG.lines;
    this.#fold(!this.querySelector(".unfold").hidden);
  }

  get editing() {
    return this.#editor !== null;
  }

  /** Called once the card has its memo. */
  start() {
    const on = (selector, act) => this.querySelector(selector).addEventListener("click", act);
    on(".edit", () => this.#edit());
    on(".delete", () => this.#ask(true));
    on(".cancel-delete", () => this.#ask(false));
    on(".confirm-delete", () => this.#delete());
    on(".unfold", () => this.#fold(!this.classList.contains("folded")));
    this.querySelector(".confirm").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#ask(false);
    });
    // Editing goes on after a reload.
    const draft = drafts.get(this.#memo.id);
    if (draft) this.#open(draft);
  }

  #fold(folded) {
    const unfold = this.querySelector(".unfold");
    this.classList.toggle("folded", folded);
    unfold.ariaExpanded = String(!folded);
    setText(unfold, folded ? "showAll" : "showLess");
  }

  #edit(text = this.#memo.text, version = this.#memo.version) {
    hush();
    this.#open({ text, version });
    this.#editor.focus();
  }

  #open(draft) {
    const editor = editorFor(this.#memo, draft);
    editor.addEventListener("done", ({ detail }) => this.#close(detail));
    this.#editor?.remove();
    this.#editor = editor;
    this.append(editor);
    this.querySelector(".shown").hidden = true;
  }

  /** Back to reading: with the memo as saved or found elsewhere, or null where it is gone. */
  #close({ memo, created, discarded }) {
    this.#editor.remove();
    this.#editor = null;
    this.querySelector(".shown").hidden = false;
    if (created) this.dispatchEvent(new CustomEvent("memo-created", { detail: created, bubbles: true }));
    if (memo === null) {
      this.#vanish();
      return;
    }
    this.memo = memo;
    this.querySelector(".edit").focus();
    if (discarded) say("editDiscarded", { undo: () => this.#edit(discarded.text, discarded.version) });
  }

  #ask(asking) {
    this.querySelector(".actions").hidden = asking;
    this.querySelector(".confirm").hidden = !asking;
    this.querySelector(asking ? ".confirm-delete" : ".delete").focus();
  }

  async #delete() {
    if (this.#busy) return;
    this.#busy = true;
    this.ariaBusy = "true";
    try {
      await remove(this.#memo);
      this.#vanish();
      say("deleted");
    } catch (error) {
      await this.#notDeleted(error);
    } finally {
      this.#busy = false;
      this.ariaBusy = "false";
    }
  }

  async #notDeleted(error) {
    if (error.slug === "not-found") {
      this.#vanish(); // Somebody was quicker.
      say("deleted");
      return;
    }
    if (!(error instanceof SignedOut)) this.#ask(false);
    if (error.slug !== "stale-version") {
      complain(error);
      return;
    }
    try {
      this.memo = await read(this.#memo);
      complain("changedBeforeDelete");
    } catch (another) {
      complain(another);
    }
  }

  #vanish() {
    const list = this.parentElement;
    this.remove();
    list?.dispatchEvent(new CustomEvent("memo-deleted", { bubbles: true }));
  }
}

customElements.define("memo-card", MemoCard);

const template = document.getElementById("memo-template");

/** A card that shows `memo`. */
export function cardFor(memo) {
  const card = document.importNode(template.content, true).querySelector("memo-card");
  translate(card);
  card.memo = memo;
  card.start();
  return card;
}
