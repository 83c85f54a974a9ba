// <writing-tools>: a field of text with what helps to write Markdown in it: a toolbar, keys, lists that go on by
// themselves, tags to choose from, and a preview.

import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { beginTag, continueItem, indentItems, makeLink, outdentItems, toggleItems, toggleMark } from "../../lib/markdown/edits.js";
import { renderMarkdown } from "../../lib/markdown/render.js";
import { formatKeyOf, isInputMethods } from "../../lib/shortcuts.js";
import { apply, endComposition, selectionOf } from "../../lib/text-field.js";
import { TagOffer } from "./tag-offer.js";

/** @typedef {import("../../lib/markdown/edits.js").Selection} Selection */

/** @type {Record<string, (selection: Selection) => import("../../lib/markdown/edits.js").Edit | null>} */
const TOOLS = {
  bold: (selection) => toggleMark(selection, "**"),
  italic: (selection) => toggleMark(selection, "*"),
  link: makeLink,
  list: (selection) => toggleItems(selection, "list"),
  numbers: (selection) => toggleItems(selection, "numbers"),
  checklist: (selection) => toggleItems(selection, "checklist"),
  tag: beginTag,
};
/** @type {Record<string, string>} */
const KEYS = { b: "bold", i: "italic", k: "link", "shift+7": "numbers", "shift+8": "list", "shift+9": "checklist" };
const PREVIEW_MS = 150;

export class WritingTools extends HTMLElement {
  /** @type {HTMLTextAreaElement | null} */
  #field = null;
  #preview = findElement(this, ".preview");
  #switch = findButton(this, "[data-tool=preview]");
  #isComposing = false;
  #isShifted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** Takes the place of a field, and the field in.
   * @param {HTMLTextAreaElement} field
   * @param {() => string[]} knownTags */
  start(field, knownTags) {
    this.#field = field;
    field.replaceWith(this);
    findElement(this, ".page").prepend(field);
    new TagOffer(field, findElement(this, ".offer"), knownTags); // Its keys go first.
    this.#listen(field);
    startToolbar(findElement(this, ".tools"), (tool) => this.#use(tool));
    if (!CSS.supports("field-sizing", "content")) field.addEventListener("input", () => grow(field));
  }

  /** Back to writing. */
  endPreview() {
    if (this.classList.contains("previewing")) this.#togglePreview();
  }

  /** @param {HTMLTextAreaElement} field */
  #listen(field) {
    field.addEventListener("compositionstart", () => (this.#isComposing = true));
    field.addEventListener("compositionend", () => (this.#isComposing = false));
    field.addEventListener("keydown", (event) => this.#onKey(event));
    field.addEventListener("beforeinput", (event) => {
      const isEnter = ["insertLineBreak", "insertParagraph"].includes(event.inputType);
      if (!isEnter || event.isComposing || this.#isShifted) return;
      if (apply(field, continueItem(selectionOf(field)))) event.preventDefault();
    });
    field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#showPreview(), PREVIEW_MS);
    });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    this.#isShifted = event.shiftKey;
    const field = /** @type {HTMLTextAreaElement} */ (this.#field);
    if (event.defaultPrevented || isInputMethods(event)) return;
    const tool = KEYS[formatKeyOf(event) ?? ""];
    const isTab = event.key === "Tab" && !event.ctrlKey && !event.metaKey && !event.altKey;
    const indent = event.shiftKey ? outdentItems : indentItems;
    if (tool) this.#use(tool);
    else if (!isTab || !apply(field, indent(selectionOf(field)))) return;
    event.preventDefault();
  }

  /** @param {string} tool */
  #use(tool) {
    if (tool === "preview") {
      this.#togglePreview();
      return;
    }
    const field = /** @type {HTMLTextAreaElement} */ (this.#field);
    this.#uncover(field);
    if (this.#isComposing) endComposition(field);
    apply(field, TOOLS[tool](selectionOf(field)));
  }

  /** On a narrow screen the preview is in the place of what the tools change.
   * @param {HTMLTextAreaElement} field */
  #uncover(field) {
    if (!field.checkVisibility()) this.endPreview();
  }

  #togglePreview() {
    const isShown = this.classList.toggle("previewing");
    this.#preview.hidden = !isShown;
    this.#preview.classList.toggle("memo-text", isShown); // Nobody takes an empty preview for a memo's text.
    this.#switch.ariaPressed = String(isShown);
    this.#showPreview();
  }

  #showPreview() {
    if (!this.#preview.hidden) this.#preview.replaceChildren(renderMarkdown(this.#field?.value ?? ""));
  }
}

customElements.define("writing-tools", WritingTools);

/** Puts the tools around a field.
 * @param {HTMLTextAreaElement} field
 * @param {() => string[]} knownTags */
export function addTools(field, knownTags) {
  const tools = fromTemplate("writing-tools", WritingTools);
  tools.start(field, knownTags);
  return tools;
}

/**
 * A toolbar is one stop on the way of the Tab key; within it the arrows lead (WAI-ARIA Authoring Practices, toolbar).
 * @param {HTMLElement} toolbar
 * @param {(tool: string) => void} use
 */
function startToolbar(toolbar, use) {
  const buttons = /** @type {HTMLElement[]} */ ([...toolbar.children]);
  /** @param {number} current */
  const rove = (current) => buttons.forEach((button, index) => (button.tabIndex = index === current ? 0 : -1));
  rove(0);
  toolbar.addEventListener("mousedown", (event) => event.preventDefault()); // The field keeps the focus.
  toolbar.addEventListener("click", (event) => {
    const tool = /** @type {Element} */ (event.target).closest("button")?.dataset.tool;
    if (tool) use(tool);
  });
  toolbar.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    const last = buttons.length - 1;
    const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (at === -1 || next === undefined) return;
    event.preventDefault();
    rove(next);
    buttons[next].focus();
  });
}

/** Gives a field the height of its text, where the style sheet can't.
 * @param {HTMLTextAreaElement} field */
function grow(field) {
  field.style.blockSize = "auto";
  field.style.blockSize = `${field.scrollHeight}px`;
}
