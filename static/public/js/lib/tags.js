// Tags: `#word` in a text. The memo service finds them by the same rules; `tests/corpora/tags.json` holds both to them.

import { codeSpans } from "./markdown/code-spans.js";
import { foldText } from "./text.js";

/** A longer word is no tag. */
const LETTERS_MAX = 100;
/** Further tags of a text are not counted. */
const TAGS_MAX = 100;

/** What may stand before a tag's `#`: nothing, white space, or what opens a phrase. */
const BEFORE = /^[\p{White_Space}([{"'“‘«「『【〈《（]$/u;
/** The first character is none that joins others. */
const WORD = /[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_-]|\/(?!\/))*/uy;
/** Digits alone, also with what joins them, are a number or a date. */
const NUMBER = /^[\p{N}_/-]*$/u;
const FENCE = /^\p{White_Space}*(`{3,}(?!`)(?!.*`)|~{3,})/u;

/** A tag in a text: where it begins, with its `#`, where it ends, and its name.
 * @typedef {{start: number, end: number, tag: string}} TagSpan */

/** The address of the memos with a tag.
 * @param {string} tag */
export const pathOfTag = (tag) => `/tag/${tag.split("/").map(encodeURIComponent).join("/")}`;

/**
 * The names of a text's tags, in the order of their first appearance.
 * @param {string} text
 * @returns {string[]}
 */
export function tagsOf(text) {
  const tags = new Set(spansOf(text).map(({ tag }) => tag));
  return [...tags].slice(0, TAGS_MAX);
}

/**
 * The text with the tag `from`, and every tag that is nested under it, renamed. Code and addresses stay as they are.
 * @param {string} text
 * @param {string} from
 * @param {string} to
 */
export function renameTag(text, from, to) {
  const name = foldText(from);
  const depth = name.split("/").length;
  let renamed = "";
  let at = 0;
  for (const { start, end, tag } of spansOf(text)) {
    if (tag !== name && !tag.startsWith(`${name}/`)) continue;
    const nested = text.slice(start, end).split("/").slice(depth);
    renamed += text.slice(at, start) + ["#" + to, ...nested].join("/");
    at = end;
  }
  return renamed + text.slice(at);
}

/**
 * The tag whose `#` is at `index`, or null.
 * @param {string} text
 * @param {number} index
 * @returns {TagSpan | null}
 */
export function tagAt(text, index) {
  if (index > 0 && !BEFORE.test(text[index - 1])) return null;
  if (text.startsWith("](", index - 2)) return null;
  WORD.lastIndex = index + 1;
  const word = withoutJoiners(WORD.exec(text)?.[0] ?? "");
  const tag = foldText(word);
  // A letter may fold to three, and what is longer can't be asked for.
  if (NUMBER.test(word) || [word, tag].some((spelling) => [...spelling].length > LETTERS_MAX)) return null;
  return { start: index, end: index + 1 + word.length, tag };
}

/** What joins the parts of a tag does not end it.
 * @param {string} word */
function withoutJoiners(word) {
  let end = word.length;
  while (end > 0 && "/-".includes(word[end - 1])) end -= 1;
  return word.slice(0, end);
}

/** @param {string} text @returns {TagSpan[]} */
function spansOf(text) {
  /** @type {TagSpan[]} */
  const spans = [];
  let start = 0;
  let fence = "";
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      if (mark?.startsWith(fence) && line.trim().endsWith(mark)) fence = "";
    } else if (mark) fence = mark;
    else spans.push(...spansOfLine(line, start));
    start += line.length + 1;
  }
  return spans;
}

/** @param {string} line @param {number} start where it begins in the text @returns {TagSpan[]} */
function spansOfLine(line, start) {
  /** @type {TagSpan[]} */
  const spans = [];
  const code = codeSpans(line);
  let passed = 0;
  for (const { 0: what, index } of line.matchAll(/#|`+/g)) {
    if (index < passed) continue;
    const end = code.get(index);
    if (end !== undefined) passed = end + what.length;
    const tag = what === "#" ? tagAt(line, index) : null;
    if (!tag) continue;
    spans.push({ ...tag, start: start + tag.start, end: start + tag.end });
    passed = tag.end;
  }
  return spans;
}
