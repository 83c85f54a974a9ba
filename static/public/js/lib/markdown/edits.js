// What the keys and the tools of an editor do to a text. An edit says what to put where; it changes nothing itself.

/** A text with what is selected in it. @typedef {{text: string, start: number, end: number}} Selection */
/**
 * What to put in the place of `start` to `end`, and what is selected afterwards.
 * @typedef {{start: number, end: number, insert: string, select: [number, number]}} Edit
 */

const STEP = "  ";
/** What an item of a list or a quote begins with: quotes, white space, marker, space, box. */
const ITEM = /^((?:[ \t]*>)*[ \t]*)(?:([-*+]|\d{1,3}[.)])([ \t]+)(?!\d{1,4}[.)])(\[[ xX]\][ \t]+)?)?/;

/** @param {string} line */
function itemOf(line) {
  const [all, before, marker, space = " ", box] = ITEM.exec(line) ?? ["", ""];
  if (marker === undefined && !before.includes(">")) return null;
  return { length: all.length, before, marker, space, box };
}

/** @param {string} text @param {number} at */
const lineStart = (text, at) => text.lastIndexOf("\n", at - 1) + 1;

/** @param {string} text @param {number} at */
function lineEnd(text, at) {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

/** The lines that a selection touches.
 * @param {Selection} selection */
function linesOf({ text, start, end }) {
  const from = lineStart(text, start);
  return { from, to: lineEnd(text, end), lines: text.slice(from, lineEnd(text, end)).split("\n") };
}

/** Replaces the lines that are selected, and keeps as much selected as there was.
 * @param {Selection} selection @param {(line: string) => string} change @returns {Edit | null} */
function changeLines(selection, change) {
  const { from, to, lines } = linesOf(selection);
  const changed = lines.map(change);
  const insert = changed.join("\n");
  const grown = changed[0].length - lines[0].length;
  const start = Math.max(selection.start + grown, from);
  const end = Math.max(selection.end + insert.length - (to - from), start);
  return insert === lines.join("\n") ? null : { start: from, end: to, insert, select: [start, end] };
}

/**
 * Enter within a list, a checklist or a quote: the next item, or the end of the list where the item is empty. Null where
 * Enter is nothing but the end of a line.
 * @param {Selection} selection
 * @returns {Edit | null}
 */
export function continueItem({ text, start, end }) {
  const from = lineStart(text, start);
  const line = text.slice(from, lineEnd(text, start));
  const item = itemOf(line);
  if (!item || start - from < item.length) return null;
  if (line.slice(item.length).trim() === "" && start === end) return { start: from, end: start, insert: "", select: [from, from] };
  const number = Number.parseInt(item.marker ?? "", 10);
  const marker = Number.isNaN(number) ? item.marker : `${Math.min(number + 1, 999)}${item.marker?.slice(-1)}`;
  const behind = marker === undefined ? "" : marker + item.space + (item.box ? "[ ] " : "");
  const insert = `\n${item.before}${behind}`;
  return { start, end, insert, select: [start + insert.length, start + insert.length] };
}

/**
 * Tab within a list: one step deeper than before, at most one deeper than the item above. Null elsewhere, where Tab leads
 * to the next control.
 * @param {Selection} selection
 * @returns {Edit | null}
 */
export function indentItems(selection) {
  const { from, lines } = linesOf(selection);
  const above = from === 0 ? "" : selection.text.slice(lineStart(selection.text, from - 1), from - 1);
  const [upper, item] = [itemOf(above), itemOf(lines[0])];
  if (!upper?.marker || !item?.marker || item.before.length > upper.before.length) return null;
  return changeLines(selection, (line) => (itemOf(line)?.marker ? STEP + line : line));
}

/**
 * Shift and Tab within a list: one step back. Null where there is none.
 * @param {Selection} selection
 * @returns {Edit | null}
 */
export function outdentItems(selection) {
  if (!itemOf(linesOf(selection).lines[0])?.marker) return null;
  return changeLines(selection, (line) => (itemOf(line)?.marker ? line.replace(/^(?: {1,2}|\t)/, "") : line));
}

/**
 * Puts marks around what is selected, or takes them away.
 * @param {Selection} selection
 * @param {string} mark
 * @returns {Edit}
 */
export function toggleMark({ text, start, end }, mark) {
  const { length } = mark;
  const selected = text.slice(start, end);
  const isAround = text.slice(start - length, start) === mark && text.slice(end, end + length) === mark;
  // A star beside another is half of two stars.
  const isOther = mark === "*" && text[start - 2] === "*" && text[start - 3] !== "*";
  if (isAround && !isOther) {
    return { start: start - length, end: end + length, insert: selected, select: [start - length, end - length] };
  }
  return { start, end, insert: mark + selected + mark, select: [start + length, end + length] };
}

/**
 * Makes the selected lines items, or lines again where all of them are.
 * @param {Selection} selection
 * @param {"list" | "numbers" | "checklist"} kind
 * @returns {Edit | null}
 */
export function toggleItems(selection, kind) {
  let number = 0;
  const isKind = (/** @type {string} */ line) => {
    const item = itemOf(line);
    if (!item?.marker) return false;
    if (kind === "checklist") return item.box !== undefined;
    return item.box === undefined && /\d/.test(item.marker) === (kind === "numbers");
  };
  const { lines } = linesOf(selection);
  const isTouched = (/** @type {string} */ line) => lines.length === 1 || line.trim() !== "";
  const isAll = lines.filter(isTouched).every(isKind);
  return changeLines(selection, (line) => {
    if (!isTouched(line)) return line;
    const item = itemOf(line);
    const before = item?.before ?? /^[ \t]*/.exec(line)?.[0] ?? "";
    const content = line.slice(item?.length ?? before.length);
    number += 1;
    const marker = { list: "- ", numbers: `${number}. `, checklist: "- [ ] " }[kind];
    return before + (isAll ? "" : marker) + content;
  });
}

/**
 * Makes what is selected a link; the caret goes to what is missing.
 * @param {Selection} selection
 * @returns {Edit}
 */
export function makeLink({ text, start, end }) {
  const selected = text.slice(start, end);
  const isAddress = /^(?:https?:\/\/|mailto:)\S+$/i.test(selected);
  const insert = isAddress ? `[](${selected})` : `[${selected}]()`;
  const caret = start + (isAddress || selected === "" ? 1 : insert.length - 1);
  return { start, end, insert, select: [caret, caret] };
}

/**
 * Begins a tag at the caret.
 * @param {Selection} selection
 * @returns {Edit}
 */
export function beginTag({ text, start, end }) {
  const isApart = start === 0 || /\s/.test(text[start - 1]);
  const insert = `${isApart ? "" : " "}#${text.slice(start, end)}`;
  return { start, end, insert, select: [start + insert.length, start + insert.length] };
}

/**
 * The tag that is being written at the caret: where its `#` is, and what of it is there.
 * @param {Selection} selection
 * @returns {{start: number, word: string} | null}
 */
export function tagAtCaret({ text, start, end }) {
  if (start !== end) return null;
  const line = text.slice(Math.max(lineStart(text, start), start - 101), start);
  const found = /(?:^|[\s([{"'“‘「『])#([\p{L}\p{M}\p{N}_/-]*)$/u.exec(line);
  return found ? { start: start - found[1].length - 1, word: found[1] } : null;
}

/**
 * Writes the tag at the caret out.
 * @param {Selection} selection
 * @param {string} tag
 * @returns {Edit | null}
 */
export function completeTag(selection, tag) {
  const written = tagAtCaret(selection);
  if (!written) return null;
  const { start } = written;
  const insert = `#${tag} `;
  return { start, end: selection.end, insert, select: [start + insert.length, start + insert.length] };
}
