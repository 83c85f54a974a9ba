// <memo-composer>: the pad for a new memo. What is written stays on this device until it is saved.

import { NEW } from "../../data/drafts.js";
import { drafts, memos, tags, workspace } from "../../data/stores.js";
import { Workspace } from "../../data/workspace.js";
import { hasKeyboard, SAVE_KEYS } from "../../lib/device.js";
import { find, findElement } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { onShortcuts } from "../../lib/shortcuts.js";
import { validateMemo } from "../../lib/text.js";
import { notify, notifyError, notifyTrouble } from "../toast/toast.js";
import { addTools } from "./writing-tools.js";

export class MemoComposer extends HTMLElement {
  #form = find(this, "form", HTMLFormElement);
  #text = find(this, "textarea", HTMLTextAreaElement);
  #shortcut = findElement(this, ".shortcut");
  #state = findElement(this, ".state");
  #tools = addTools(this.#text, () => tags.newest);
  #busy = false;
  /** Whether it is known whose pad this is. */
  #isOpen = false;

  constructor() {
    super();
    setText(this.#shortcut, "saveShortcut", { keys: SAVE_KEYS });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#text.addEventListener("input", () => this.#keepDraft());
    onShortcuts(this.#text, { save: () => this.#save(), cancel: () => this.#text.blur() });
  }

  /** Shows what somebody was writing, or nothing. What was written before it was known whose pad this is goes below. */
  reset() {
    const draft = drafts.get(NEW)?.text ?? "";
    const written = this.#isOpen ? "" : this.#text.value;
    this.#isOpen = true;
    // A field that nobody has to change is left alone: somebody may be composing in it.
    if (written === "" || draft !== "") this.#text.value = draft;
    if (written !== "" && draft !== "") this.add(written);
    this.#keepDraft();
  }

  /** Takes what is being written out of the pad. */
  take() {
    const text = this.#text.value;
    this.#text.value = "";
    this.#keepDraft();
    return text;
  }

  /** Puts `text` below what is being written.
   * @param {string} text */
  add(text) {
    const before = this.#text.value.trimEnd();
    this.#text.value = before === "" ? text : `${before}\n\n${text}`;
    this.#keepDraft();
  }

  focus() {
    this.#text.focus({ preventScroll: true });
    const end = this.#text.value.length;
    this.#text.setSelectionRange(end, end);
    this.#text.scrollTop = this.#text.scrollHeight; // The caret is to be seen.
  }

  #keepDraft() {
    if (!this.#isOpen) return;
    const text = this.#text.value;
    if (text.trim() === "") drafts.delete(NEW);
    this.#showState(text.trim() === "" || drafts.set(NEW, { text }));
  }

  /** Says where the text is, as soon as there is one.
   * @param {boolean} isKept */
  #showState(isKept) {
    const isEmpty = this.#text.value.trim() === "";
    this.#shortcut.hidden = !isEmpty;
    this.#state.hidden = isEmpty;
    this.#state.classList.toggle("trouble", !isKept);
    setText(this.#state, isKept ? "stateDraft" : "stateUnkept");
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
    this.#busy = true;
    try {
      await workspace.opened;
      await memos.create(text);
      Workspace.persist(); // Not before somebody has something to keep: some browsers ask.
      // What was written while it was being kept is the next one.
      this.#text.value = this.#text.value.startsWith(text) ? this.#text.value.slice(text.length).trimStart() : "";
      this.#tools.endPreview();
      this.#keepDraft();
      // The next memo can be begun at once; a keyboard on the screen would cover what was saved.
      if (hasKeyboard() && this.contains(document.activeElement)) this.#text.focus({ preventScroll: true });
      notify({ key: "saved" });
    } catch (error) {
      notifyError(error);
    } finally {
      this.#busy = false;
    }
  }
}

customElements.define("memo-composer", MemoComposer);
