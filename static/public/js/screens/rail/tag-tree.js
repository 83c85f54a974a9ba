// The tags of the rail: a tree with counts, whose branches open and close.

import { tags } from "../../data/stores.js";
import { findElement } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { pathOfTag } from "../../lib/tags.js";

/** @typedef {import("../../data/tag-index.js").TagNode} TagNode */

export class TagTree {
  /** The tags that were opened or closed by hand.
   * @type {Map<string, boolean>} */
  #chosen = new Map();
  #current = "";
  #list;
  #none;

  /** @param {HTMLElement} rail */
  constructor(rail) {
    this.#list = findElement(rail, ".tags");
    this.#none = findElement(rail, ".no-tags");
    tags.addEventListener("change", () => this.show(this.#current));
    this.show("");
  }

  /** Shows the tree, with the tag whose memos are looked at. @param {string} current */
  show(current) {
    this.#current = current;
    const { tree } = tags;
    const focused = document.activeElement?.closest("[data-tag]");
    const [tag, name] = [focused?.getAttribute("data-tag"), document.activeElement?.tagName];
    this.#list.replaceChildren(...tree.map((node) => this.#item(node)));
    this.#none.hidden = tree.length > 0;
    if (!tag || !focused || focused.isConnected) return;
    const again = this.#list.querySelector(`[data-tag="${CSS.escape(tag)}"] > .row > ${name}`);
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }

  /** @param {TagNode} node @returns {HTMLElement} */
  #item({ tag, name, count, children }) {
    const item = document.createElement("li");
    item.dataset.tag = tag;
    const row = element("div", "row");
    const link = document.createElement("a");
    link.href = pathOfTag(tag);
    if (tag === this.#current) link.ariaCurrent = "page";
    const number = element("span", "tag-count");
    number.textContent = String(count);
    number.ariaHidden = "true";
    const counted = element("span", "visually-hidden");
    counted.textContent = t("memosOfTag", { count });
    const label = element("span", "tag-name");
    label.textContent = `#${name}`;
    link.append(label, " ", number, counted);
    row.append(link);
    item.append(row);
    if (children.length > 0) this.#branch(item, row, tag, children);
    return item;
  }

  /** @param {HTMLElement} item @param {HTMLElement} row @param {string} tag @param {TagNode[]} children */
  #branch(item, row, tag, children) {
    const isOpen = this.#chosen.get(tag) ?? (this.#current === tag || this.#current.startsWith(`${tag}/`));
    const toggle = document.createElement("button");
    toggle.type = "button";
    toggle.className = "toggle quiet";
    toggle.ariaExpanded = String(isOpen);
    toggle.ariaLabel = t("tagsBelow", { tag });
    toggle.addEventListener("click", () => {
      this.#chosen.set(tag, !isOpen);
      this.show(this.#current);
    });
    row.append(toggle);
    const list = element("ul", "plain");
    list.role = "list";
    list.hidden = !isOpen;
    if (isOpen) list.append(...children.map((child) => this.#item(child)));
    item.append(list);
  }
}

/** @param {string} name @param {string} className */
function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}
