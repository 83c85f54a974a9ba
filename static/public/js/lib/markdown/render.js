// From Markdown to elements of the page. Everything goes by `createElement` and text nodes: what somebody writes never
// becomes HTML, and there is nothing to sanitize.

import { pathOfTag } from "../tags.js";
import { Marks } from "./marks.js";
import { parse } from "./parse.js";

/** @typedef {import("./spans.js").Inline} Inline */
/** @typedef {import("./parse.js").Block} Block */
/** @typedef {import("./parse.js").Item} Item */
/** @typedef {import("./parse.js").Task} Task */
/** @typedef {(index: number, checked: boolean) => void} OnTick hears which box of the text was ticked or cleared */

/** @type {Record<import("./spans.js").Span["type"], string>} */
const TAG_NAMES = { strong: "strong", emphasis: "em", strike: "s", link: "a" };

/**
 * @param {string} text Markdown
 * @param {{onTick?: OnTick, marks?: string[]}} [options] without `onTick`, boxes can't be ticked; `marks` are words to
 *   be marked wherever they stand, folded by `foldText`
 * @returns {DocumentFragment}
 */
export function renderMarkdown(text, { onTick, marks = [] } = {}) {
  const fragment = document.createDocumentFragment();
  new Renderer(onTick, new Marks(marks)).blocks(fragment, parse(text).blocks);
  return fragment;
}

/**
 * The text with its box of that index ticked, or cleared if it was. Without such a box, the text as it is.
 * @param {string} text
 * @param {number} index counts the boxes of the text from 0
 */
export function toggleTask(text, index) {
  const task = parse(text).tasks[index];
  if (!task) return text;
  return text.slice(0, task.at) + (task.checked ? " " : "x") + text.slice(task.at + 1);
}

/** The text of a tree without its marks.
 * @param {Inline[]} inline
 * @returns {string} */
function plain(inline) {
  return inline
    .map((node) => (typeof node === "string" ? node : "inline" in node ? plain(node.inline) : node.text))
    .join("");
}

class Renderer {
  #onTick;
  #marks;
  /** The level of the heading before, on the page, where one heading stands above the text. */
  #level = 1;

  /** @param {OnTick | undefined} onTick @param {Marks} marks */
  constructor(onTick, marks) {
    this.#onTick = onTick;
    this.#marks = marks;
  }

  /** @param {Node & ParentNode} parent @param {Block[]} blocks */
  blocks(parent, blocks) {
    for (const block of blocks) parent.append(this.#block(block));
  }

  /** @param {Block} block @returns {HTMLElement} */
  #block(block) {
    switch (block.type) {
      case "heading":
        return this.#heading(block);
      case "paragraph":
        return this.#inline(document.createElement("p"), block.inline);
      case "rule":
        return document.createElement("hr");
      case "code":
        return this.#code(block.text);
      case "quote": {
        const quote = document.createElement("blockquote");
        this.blocks(quote, block.blocks);
        return quote;
      }
      case "list":
        return this.#list(block);
      case "table":
        return this.#table(block);
    }
  }

  /** A heading looks as large as its author wants it. For who listens to the page, no level is left out: the outline of
   * a text that begins with "##" begins where it does.
   * @param {Extract<Block, {type: "heading"}>} heading */
  #heading({ level, inline }) {
    this.#level = Math.min(level + 1, this.#level + 1, 6);
    const heading = document.createElement(`h${this.#level}`);
    heading.className = `size-${Math.min(level, 3)}`;
    return this.#inline(heading, inline);
  }

  /** @param {string} text */
  #code(text) {
    const pre = document.createElement("pre");
    pre.dir = "ltr";
    pre.append(this.#inline(document.createElement("code"), [text]));
    return pre;
  }

  /** @param {Extract<Block, {type: "list"}>} list */
  #list({ start, items }) {
    const list = document.createElement(start === null ? "ul" : "ol");
    if (start !== null && start !== 1) /** @type {HTMLOListElement} */ (list).start = start;
    list.setAttribute("role", "list"); // Safari takes a list without bullets for none.
    for (const item of items) list.append(this.#item(item));
    return list;
  }

  /** The paragraph that an item begins with is the item's own text.
   * @param {Item} item */
  #item({ task, blocks }) {
    const item = document.createElement("li");
    const [first, ...rest] = blocks;
    const inline = first?.type === "paragraph" ? first.inline : null;
    if (task) {
      item.className = "task";
      item.append(this.#box(task, plain(inline ?? []).trim()));
    }
    if (inline) item.append(this.#inline(document.createElement("span"), inline));
    this.blocks(item, inline ? rest : blocks);
    return item;
  }

  /** @param {Task} task @param {string} name */
  #box({ index, checked }, name) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = checked;
    box.disabled = !this.#onTick;
    box.ariaLabel = name || String(index + 1);
    box.addEventListener("change", () => this.#onTick?.(index, box.checked));
    const label = document.createElement("label"); // Gives a finger more room.
    label.className = "box";
    label.append(box);
    return label;
  }

  /** @param {Extract<Block, {type: "table"}>} table */
  #table({ align, head, rows }) {
    const table = document.createElement("table");
    const body = document.createElement("tbody");
    const header = document.createElement("thead");
    header.append(this.#row("th", head, align));
    for (const row of rows) body.append(this.#row("td", row, align));
    table.append(header, body);
    const frame = document.createElement("div");
    frame.className = "table";
    frame.append(table);
    return frame;
  }

  /** @param {"th" | "td"} name @param {Inline[][]} cells @param {string[]} align */
  #row(name, cells, align) {
    const row = document.createElement("tr");
    for (const [index, inline] of cells.entries()) {
      const cell = document.createElement(name);
      if (align[index]) cell.className = align[index];
      row.append(this.#inline(cell, inline));
    }
    return row;
  }

  /** @template {HTMLElement} T @param {T} parent @param {Inline[]} inline @returns {T} */
  #inline(parent, inline) {
    this.#marks.begin(plain(inline));
    this.#append(parent, inline);
    return parent;
  }

  /** @param {HTMLElement} parent @param {Inline[]} inline */
  #append(parent, inline) {
    for (const node of inline) {
      if (typeof node === "string") this.#text(parent, node);
      else if (node.type === "code") parent.append(this.#leaf("code", node.text));
      else if (node.type === "tag") {
        const link = this.#leaf("a", node.text);
        link.className = "tag";
        link.href = pathOfTag(node.tag);
        parent.append(link);
      } else parent.append(this.#span(node));
    }
  }

  /** @param {import("./spans.js").Span} span */
  #span({ type, href, inline }) {
    const element = document.createElement(TAG_NAMES[type]);
    if (href) Object.assign(element, { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" });
    this.#append(element, inline);
    return element;
  }

  /** @template {keyof HTMLElementTagNameMap} K @param {K} name @param {string} text @returns {HTMLElementTagNameMap[K]} */
  #leaf(name, text) {
    const element = document.createElement(name);
    this.#text(element, text);
    return element;
  }

  /** @param {HTMLElement} parent @param {string} text */
  #text(parent, text) {
    for (const { part, isMarked } of this.#marks.cut(text)) {
      if (!isMarked) {
        parent.append(part);
        continue;
      }
      const mark = document.createElement("mark");
      mark.textContent = part;
      parent.append(mark);
    }
  }
}
