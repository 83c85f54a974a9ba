// Merges two changes of one text: by lines, and by words where both have changed the same lines. The work is bounded: what
// is too much to compare is a conflict, in which both texts are kept.

import { diff3MergeRegions } from "../../vendor/node-diff3.js";

/** A stretch that is decided, or two versions of one stretch to choose from, with what stood there before.
 * @typedef {{text: string} | {base: string, mine: string, theirs: string}} Part */
/** `text` is what came of it, and null where there is something to choose: then `textOf` makes it of the parts.
 * @typedef {{text: string | null, parts: Part[]}} Merged */
/** A stretch of what was merged, as node-diff3 tells it.
 * @typedef {{stable: true, bufferContent: string[]} | {stable: false, aContent: string[], oContent: string[], bContent: string[]}} Region */

/** How many steps one merge takes at most, which is a fraction of a second. */
const STEPS_MAX = 50_000_000;

const WORDS = /[\p{L}\p{M}\p{N}_]+|\n|[^\S\n]+|[^]/gu;

/**
 * What comes of two changes, `mine` and `theirs`, of the text `base`.
 * @param {string} base
 * @param {string} mine
 * @param {string} theirs
 * @returns {Merged}
 */
export function merge(base, mine, theirs) {
  if (mine === theirs || base === theirs) return decided(mine);
  if (base === mine) return decided(theirs);
  const steps = { left: STEPS_MAX };
  const regions = regionsOf([lines(base), lines(mine), lines(theirs)], steps);
  /** @type {Part[]} */
  const parts = [];
  for (const region of regions) add(parts, region.stable ? { text: region.bufferContent.join("") } : within(region, steps));
  const isDecided = parts.every((part) => "text" in part);
  return { text: isDecided ? textOf(parts, () => "") : null, parts };
}

/**
 * The text of the parts, with what was chosen where there was a choice.
 * @param {Part[]} parts
 * @param {(part: {base: string, mine: string, theirs: string}, index: number) => string} choose
 */
export function textOf(parts, choose) {
  const text = parts.map((part, index) => ("text" in part ? part.text : choose(part, index))).join("");
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** What there is to choose from; all of it, where the texts would come together but should not.
 * @param {string} base @param {string} mine @param {string} theirs @returns {Part[]} */
export function choicesOf(base, mine, theirs) {
  const { text, parts } = merge(base, mine, theirs);
  return text === null || mine === theirs ? parts : [{ base, mine, theirs }];
}

/** @param {string} text @returns {Merged} */
const decided = (text) => ({ text, parts: [{ text: `${text}\n` }] });

/** The lines, each with its end, which the last one is given as well: so it is the same line when another one follows.
 * Ends of lines are one character here, as in the fields that texts are written in.
 * @param {string} text */
const lines = (text) => `${text}\n`.replaceAll("\r\n", "\n").split(/(?<=\n)/);

/** Both have changed the same lines. Where they have changed other words of them, that is no conflict.
 * @param {Region & {stable: false}} region @param {{left: number}} steps @returns {Part} */
function within({ aContent, oContent, bContent }, steps) {
  const [base, mine, theirs] = [oContent, aContent, bContent].map((content) => content.join(""));
  if (mine === theirs) return { text: mine };
  const words = regionsOf([base, mine, theirs].map((text) => text.match(WORDS) ?? []), steps);
  let text = "";
  for (const word of words) {
    if (!word.stable && word.aContent.join("") !== word.bContent.join("")) return { base, mine, theirs };
    text += (word.stable ? word.bufferContent : word.aContent).join("");
  }
  return { text };
}

/** Whether both texts have words that the one before has not.
 * @param {string} base @param {string} mine @param {string} theirs */
export function haveSameNews(base, mine, theirs) {
  const [old, first] = [base, mine].map((text) => new Set(text.match(WORDS) ?? []));
  return (theirs.match(WORDS) ?? []).some((word) => first.has(word) && !old.has(word));
}

/** The stretches of three lists. What all of them begin and end with is not compared.
 * @param {string[][]} lists the one before, mine and theirs @param {{left: number}} steps @returns {Region[]} */
function regionsOf(lists, steps) {
  const [base, mine, theirs] = lists;
  const length = Math.min(...lists.map((list) => list.length));
  let start = 0;
  while (start < length && base[start] === mine[start] && base[start] === theirs[start]) start += 1;
  let end = 0;
  const isSame = () => base.at(-1 - end) === mine.at(-1 - end) && base.at(-1 - end) === theirs.at(-1 - end);
  while (end < length - start && isSame()) end += 1;
  const [o, a, b] = lists.map((list) => list.slice(start, list.length - end));
  const stable = (/** @type {string[]} */ bufferContent) => /** @type {Region} */ ({ stable: true, bufferContent });
  steps.left -= cost(o, a) + cost(o, b);
  const middle = steps.left < 0 ? [{ stable: false, aContent: a, oContent: o, bContent: b }] : diff3MergeRegions(a, o, b);
  return [stable(base.slice(0, start)), .../** @type {Region[]} */ (middle), stable(base.slice(base.length - end))];
}

/** How many steps it takes at most to compare two lists: for each pair of equal items, a walk through what is found so far.
 * @param {string[]} first @param {string[]} second */
function cost(first, second) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const item of second) counts.set(item, (counts.get(item) ?? 0) + 1);
  let pairs = 0;
  for (const item of first) pairs += counts.get(item) ?? 0;
  return first.length + second.length + pairs * Math.min(first.length, second.length);
}

/** Adds a part, together with the one before where both are decided.
 * @param {Part[]} parts @param {Part} part */
function add(parts, part) {
  const last = parts.at(-1);
  if (last && "text" in last && "text" in part) last.text += part.text;
  else if (!("text" in part) || part.text !== "") parts.push({ ...part });
}
