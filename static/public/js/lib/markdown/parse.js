// From Markdown to a small tree of blocks. Each line is looked at a bounded number of times, whatever it holds.
//
// It reads as people type memos: a line's end stays one, a list needs no particular indentation and ends where a line
// does not belong to it, and what is neither understood nor closed stays the text that it is. There is no HTML.

import { parseInline } from "./inline.js";

/** @typedef {import("./spans.js").Inline} Inline */
/** What of a line is left to read, and where in the source that begins.
 * @typedef {{text: string, start: number}} Line */
/** A box of a checklist; `at` is where in the source its mark stands.
 * @typedef {{index: number, checked: boolean, at: number}} Task */
/** @typedef {{task: Task | null, blocks: Block[]}} Item */
/**
 * @typedef {{type: "paragraph", inline: Inline[]}
 *   | {type: "heading", level: number, inline: Inline[]}
 *   | {type: "rule"}
 *   | {type: "code", text: string}
 *   | {type: "quote", blocks: Block[]}
 *   | {type: "list", start: number | null, items: Item[]}
 *   | {type: "table", align: string[], head: Inline[][], rows: Inline[][][]}} Block
 */

/** What is nested deeper is read as plain lines. */
const DEPTH_MAX = 16;
const TAB = 4;

const FENCE = /^[ \t]*(`{3,}(?!`)(?!.*`)|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const TASK = /^\[([ xX])\](?=[ \t]|$)/;
/** A number of four digits is a year, and one before another number is a date: `2026. 11. 22.` begins no list. */
const MARKER = /^[ \t]*(?:[-*+]|(\d{1,3})[.)](?![ \t]+\d{1,4}[.)]))(?=[ \t]|$)/;
const DELIMITERS = /^[ \t|:-]+$/;

/** @param {string} text */
const isBlank = (text) => text.trim() === "";

/**
 * @param {string} text
 * @returns {{blocks: Block[], tasks: Task[]}}
 */
export function parse(text) {
  /** @type {Task[]} */
  const tasks = [];
  return { blocks: new BlockParser(linesOf(text), 0, tasks).parse(), tasks };
}

/** @param {string} text @returns {Line[]} */
function linesOf(text) {
  const lines = [];
  let start = 0;
  for (const { 0: end, index } of text.matchAll(/\r\n?|\n/g)) {
    lines.push({ text: text.slice(start, index), start });
    start = index + end.length;
  }
  lines.push({ text: text.slice(start), start });
  return lines;
}

/** @param {Line} line @param {number} count how many characters to leave out @returns {Line} */
const after = (line, count) => ({ text: line.text.slice(count), start: line.start + count });

/** How far a line is indented, in columns.
 * @param {string} text */
function indentOf(text) {
  let columns = 0;
  for (const char of text) {
    if (char === " ") columns += 1;
    else if (char === "\t") columns += TAB - (columns % TAB);
    else break;
  }
  return columns;
}

/** The line without `columns` of its indentation, or without all of it.
 * @param {Line} line @param {number} columns */
function outdent(line, columns) {
  let count = 0;
  for (let column = 0; column < columns && /[ \t]/.test(line.text[count] ?? ""); count += 1) {
    column += line.text[count] === "\t" ? TAB - (column % TAB) : 1;
  }
  return after(line, count);
}

class BlockParser {
  #at = 0;
  #lines;
  #depth;
  #tasks;

  /** @param {Line[]} lines @param {number} depth @param {Task[]} tasks takes the tasks that are found */
  constructor(lines, depth, tasks) {
    this.#lines = lines;
    this.#depth = depth;
    this.#tasks = tasks;
  }

  /** @returns {Block[]} */
  parse() {
    if (this.#depth >= DEPTH_MAX) return [paragraph(this.#lines)];
    const blocks = [];
    while (this.#at < this.#lines.length) {
      if (isBlank(this.#text)) this.#at += 1;
      else blocks.push(this.#block());
    }
    return blocks;
  }

  /** What is left of the current line. */
  get #text() {
    return this.#lines[this.#at].text;
  }

  /** @returns {Block} */
  #block() {
    if (FENCE.test(this.#text)) return this.#code();
    if (HEADING.test(this.#text)) return this.#heading();
    if (RULE.test(this.#text)) return this.#rule();
    if (QUOTE.test(this.#text)) return this.#quote();
    if (MARKER.test(this.#text)) return this.#list();
    return this.#isTable() ? this.#table() : this.#paragraph();
  }

  /** @param {Line[]} lines */
  #nested(lines) {
    return new BlockParser(lines, this.#depth + 1, this.#tasks).parse();
  }

  /** To the fence that ends it, or to the end. @returns {Block} */
  #code() {
    const columns = indentOf(this.#text);
    const fence = FENCE.exec(this.#text)?.[1] ?? "";
    const lines = [];
    for (this.#at += 1; this.#at < this.#lines.length; this.#at += 1) {
      const text = this.#text.trim();
      if (text.startsWith(fence) && text === fence[0].repeat(text.length)) {
        this.#at += 1;
        break;
      }
      lines.push(outdent(this.#lines[this.#at], columns).text);
    }
    return { type: "code", text: lines.join("\n") };
  }

  /** @returns {Block} */
  #heading() {
    const level = HEADING.exec(this.#text)?.[1].length ?? 1;
    let text = this.#text.trim().slice(level).trim();
    let end = text.length;
    while (text[end - 1] === "#") end -= 1;
    if (end === 0 || /[ \t]/.test(text[end - 1])) text = text.slice(0, end); // `## like this ##`
    this.#at += 1;
    return { type: "heading", level, inline: parseInline(text.trim()) };
  }

  /** @returns {Block} */
  #rule() {
    this.#at += 1;
    return { type: "rule" };
  }

  /** @returns {Block} */
  #quote() {
    const lines = [];
    for (; this.#at < this.#lines.length; this.#at += 1) {
      const mark = QUOTE.exec(this.#text);
      if (!mark) break;
      lines.push(after(this.#lines[this.#at], mark[0].length));
    }
    return { type: "quote", blocks: this.#nested(lines) };
  }

  /** @returns {Block} */
  #list() {
    const first = MARKER.exec(this.#text)?.[1];
    /** @type {Item[]} */
    const items = [];
    while (this.#at < this.#lines.length && !RULE.test(this.#text)) {
      const marker = MARKER.exec(this.#text);
      if (!marker || (marker[1] === undefined) !== (first === undefined)) break;
      items.push(this.#item(marker[0]));
    }
    return { type: "list", start: first === undefined ? null : Number(first), items };
  }

  /** What stands behind a marker, with the lines below that are indented more than it, and the blank ones.
   * @param {string} marker with the white space before it
   * @returns {Item} */
  #item(marker) {
    const line = this.#lines[this.#at];
    const indent = indentOf(line.text);
    const content = outdent(after(line, marker.length), Infinity);
    const column = indent + marker.trim().length + (content.start - line.start - marker.length);
    const task = this.#task(content);
    const lines = [task ? outdent(after(content, 3), Infinity) : content];
    /** @type {Line[]} */
    const blank = [];
    for (this.#at += 1; this.#at < this.#lines.length; this.#at += 1) {
      const below = this.#lines[this.#at];
      if (isBlank(below.text)) blank.push(below);
      else if (indentOf(below.text) < indent + 2) break;
      else lines.push(...blank.splice(0), outdent(below, column));
    }
    return { task, blocks: this.#nested(lines) };
  }

  /** @param {Line} content @returns {Task | null} */
  #task(content) {
    const box = TASK.exec(content.text);
    if (!box) return null;
    const task = { index: this.#tasks.length, checked: box[1] !== " ", at: content.start + 1 };
    this.#tasks.push(task);
    return task;
  }

  /** Whether a table begins here: a line with bars above one that draws its columns. */
  #isTable() {
    const below = this.#lines[this.#at + 1]?.text;
    if (below === undefined || !this.#text.includes("|") || !DELIMITERS.test(below)) return false;
    const delimiters = cellsOf(below);
    return delimiters.every((cell) => /^:?-+:?$/.test(cell)) && delimiters.length === cellsOf(this.#text).length;
  }

  /** @returns {Block} */
  #table() {
    const head = cellsOf(this.#text).map(parseInline);
    const align = cellsOf(this.#lines[this.#at + 1].text).map((cell) => {
      if (!cell.endsWith(":")) return "";
      return cell.startsWith(":") ? "center" : "end";
    });
    const rows = [];
    for (this.#at += 2; this.#at < this.#lines.length && this.#text.includes("|"); this.#at += 1) {
      rows.push(cellsOf(this.#text).slice(0, head.length).map(parseInline));
    }
    return { type: "table", align, head, rows };
  }

  /** @returns {Block} */
  #paragraph() {
    const start = this.#at;
    do this.#at += 1;
    while (this.#at < this.#lines.length && !this.#interrupts());
    return paragraph(this.#lines.slice(start, this.#at));
  }

  /** Whether the current line ends the paragraph above it. A number other than 1 may have got there by chance. */
  #interrupts() {
    const text = this.#text;
    if (isBlank(text) || FENCE.test(text) || HEADING.test(text) || RULE.test(text) || QUOTE.test(text)) return true;
    const marker = MARKER.exec(text);
    if (marker) return [undefined, "1"].includes(marker[1]) && !isBlank(text.slice(marker[0].length));
    return this.#isTable();
  }
}

/** @param {Line[]} lines @returns {Block} */
const paragraph = (lines) => ({
  type: "paragraph",
  inline: parseInline(lines.map(({ text }) => text.trimEnd()).join("\n")),
});

/** The cells of a table's row, between bars that no backslash escapes.
 * @param {string} row */
function cellsOf(row) {
  const inner = row.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
