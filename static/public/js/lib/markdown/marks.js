// Words that were searched for, found in a text as it was written.

import { foldText } from "../text.js";

/** Where something stands in a text. @typedef {{start: number, end: number}} Range */

/** What may be composed with the character before it: marks, and the vowel and the last consonant of a syllable. */
const JOINING = /[\p{M}\u1160-\u11ff\ud7b0-\ud7ff]/u;
/** A character with those. Thirty are more than any script needs; to normalize many takes more than linear time. */
const CLUSTER = new RegExp(`.${JOINING.source}{0,30}`, "gsu");

/** Finds words in one text after the other, and cuts each text where a word begins or ends. */
export class Marks {
  /** @type {Range[]} */
  #ranges = [];
  #next = 0;
  #at = 0;
  #words;

  /** @param {string[]} words folded by `foldText` */
  constructor(words) {
    this.#words = words.filter((word) => word !== "");
  }

  /** Begins with a text, which is then cut part by part.
   * @param {string} text */
  begin(text) {
    this.#ranges = this.#words.length > 0 ? rangesOf(text, this.#words) : [];
    this.#next = 0;
    this.#at = 0;
  }

  /** The next part of the text, cut into what is marked and what is not. A word may go on in the part after it.
   * @param {string} text */
  *cut(text) {
    let done = 0;
    while (done < text.length) {
      const at = this.#at + done;
      const range = this.#ranges[this.#next];
      const isMarked = range !== undefined && range.start <= at;
      const end = range === undefined ? text.length : (isMarked ? range.end : range.start) - this.#at;
      const part = text.slice(done, end);
      yield { part, isMarked };
      done += part.length;
      if (isMarked && range.end === this.#at + done) this.#next += 1;
    }
    this.#at += text.length;
  }
}

/**
 * Where the words stand, in order and without overlaps.
 * @param {string} text
 * @param {string[]} words
 * @returns {Range[]}
 */
export function rangesOf(text, words) {
  const { folded, originOf } = foldWithOrigins(text);
  const found = words.flatMap((word) => occurrences(folded, word));
  /** @type {Range[]} */
  const ranges = [];
  for (const { start, end } of found.sort((one, other) => one.start - other.start)) {
    const range = { start: originOf(start).start, end: originOf(end - 1).end };
    const last = ranges.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else ranges.push(range);
  }
  return ranges;
}

/** @param {string} folded @param {string} word */
function occurrences(folded, word) {
  /** @type {Range[]} */
  const found = [];
  for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + word.length)) {
    found.push({ start: at, end: at + word.length });
  }
  return found;
}

/**
 * The folded text, and where in the original each of its characters comes from: one that people see may be several in
 * the one and a different number in the other, such as the three jamo of a decomposed syllable.
 * @param {string} text
 * @returns {{folded: string, originOf: (at: number) => Range}}
 */
function foldWithOrigins(text) {
  const asItIs = JOINING.test(text) ? null : foldText(text);
  if (asItIs?.length === text.length) return { folded: asItIs, originOf: (at) => ({ start: at, end: at + 1 }) };
  /** @type {Range[]} */
  const origins = [];
  let folded = "";
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    const part = foldText(cluster);
    const range = { start: index, end: index + cluster.length };
    for (let count = part.length; count > 0; count -= 1) origins.push(range);
    folded += part;
  }
  return { folded, originOf: (at) => origins[at] };
}
