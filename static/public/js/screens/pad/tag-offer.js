// Tags to choose from while one is being written: a list beside the field, which keeps the focus. The arrows walk the
// list, Enter and Tab take what they have come to, Escape closes it. As long as nothing is chosen, Enter is Enter.

import { completeTag, tagAtCaret } from "../../lib/markdown/edits.js";
import { isInputMethods } from "../../lib/shortcuts.js";
import { foldText } from "../../lib/text.js";
import { apply, endComposition, selectionOf } from "../../lib/text-field.js";

const OPTIONS_MAX = 6;
let offers = 0;

export class TagOffer {
  #field;
  #list;
  #knownTags;
  #chosen = -1;
  #isComposing = false;
  #prefix = `offer-${(offers += 1)}`;

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} list an empty listbox
   * @param {() => string[]} knownTags those to choose from, the most fitting first
   */
  constructor(field, list, knownTags) {
    this.#field = field;
    this.#list = list;
    this.#knownTags = knownTags;
    list.id = this.#prefix;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.addEventListener("compositionstart", () => (this.#isComposing = true));
    field.addEventListener("compositionend", () => (this.#isComposing = false));
    field.addEventListener("input", () => this.#offer());
    field.addEventListener("blur", () => this.#close());
    field.addEventListener("click", () => this.#close());
    field.addEventListener("keydown", (event) => this.#onKey(event));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // The field keeps the focus.
    list.addEventListener("click", (event) => {
      const index = [...list.children].findIndex((option) => option.contains(/** @type {Node} */ (event.target)));
      if (index !== -1) this.#take(index);
    });
  }

  #offer() {
    const word = tagAtCaret(selectionOf(this.#field))?.word;
    if (word === undefined) {
      this.#close();
      return;
    }
    const folded = foldText(word);
    const isFitting = (/** @type {string} */ tag) => tag !== folded && `/${tag}`.includes(`/${folded}`);
    const tags = this.#knownTags().filter(isFitting).slice(0, OPTIONS_MAX);
    this.#list.replaceChildren(...tags.map((tag, index) => this.#option(tag, index)));
    this.#list.hidden = tags.length === 0;
    this.#list.scrollIntoView({ block: "nearest" });
    this.#choose(-1);
  }

  /** @param {string} tag @param {number} index */
  #option(tag, index) {
    const option = document.createElement("div");
    option.id = `${this.#prefix}-${index}`;
    option.role = "option";
    option.textContent = `#${tag}`;
    option.dataset.tag = tag;
    return option;
  }

  #close() {
    this.#list.hidden = true;
    this.#choose(-1);
  }

  /** @param {number} chosen -1: none */
  #choose(chosen) {
    this.#chosen = chosen;
    for (const [index, option] of [...this.#list.children].entries()) option.ariaSelected = String(index === chosen);
    if (chosen === -1) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `${this.#prefix}-${chosen}`);
  }

  /** @param {number} index */
  #take(index) {
    const tag = /** @type {HTMLElement | undefined} */ (this.#list.children[index])?.dataset.tag;
    if (this.#isComposing) endComposition(this.#field);
    if (tag !== undefined) apply(this.#field, completeTag(selectionOf(this.#field), tag));
    this.#close();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { key } = event;
    if (this.#list.hidden || isInputMethods(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const count = this.#list.children.length;
    const isTaking = (key === "Enter" || key === "Tab") && !event.shiftKey && this.#chosen !== -1;
    if (isTaking) this.#take(this.#chosen);
    else if (key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
    else if (key === "ArrowUp") this.#choose((this.#chosen <= 0 ? count : this.#chosen) - 1);
    else if (key === "Escape") this.#close();
    else return;
    event.preventDefault();
  }
}
