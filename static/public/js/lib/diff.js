// The difference of two texts: by lines, and by words inside lines that were changed. The work is bounded: what is too
// long to compare is told as replaced.

/** A stretch of a line; `isChanged`: not in the other text's line.
 * @typedef {{text: string, isChanged: boolean}} Part */
/** @typedef {{kind: "same" | "removed" | "added", parts: Part[]}} Line */
/** How to come from one list to another: each step takes from both, the first or the second.
 * @typedef {"both" | "first" | "second"} Step */

/** The number of pairs that may be compared, which is a fraction of a second. */
const PAIRS_MAX = 4_000_000;
const LINE_PAIRS_MAX = 100_000;
/** Lines that share less than this are not one line that was changed. */
const ALIKE = 0.3;

/**
 * The lines of both texts in order, a changed line as the one that was removed and the one that was added.
 * @param {string} before
 * @param {string} after
 * @returns {Line[]}
 */
export function diff(before, after) {
  const [first, second] = [before.split("\n"), after.split("\n")];
  /** @type {Line[]} */
  const lines = [];
  /** @type {string[]} */
  let removed = [];
  /** @type {string[]} */
  let added = [];
  let [i, j] = [0, 0];
  const flush = () => {
    lines.push(...replaced(removed, added));
    [removed, added] = [[], []];
  };
  for (const step of steps(first, second, PAIRS_MAX)) {
    if (step === "first") removed.push(first[i++]);
    else if (step === "second") added.push(second[j++]);
    else {
      flush();
      lines.push({ kind: "same", parts: [{ text: first[i++], isChanged: false }] });
      j += 1;
    }
  }
  flush();
  return lines;
}

/** Lines that stand where others stood.
 * @param {string[]} removed @param {string[]} added @returns {Line[]} */
function replaced(removed, added) {
  const pairs = removed.map((line, index) => words(line, added[index] ?? ""));
  const parts = added.map((line, index) => pairs[index]?.[1] ?? whole(line));
  return [
    ...pairs.map(([mine]) => /** @type {Line} */ ({ kind: "removed", parts: mine })),
    ...parts.map((mine) => /** @type {Line} */ ({ kind: "added", parts: mine })),
  ];
}

/** @param {string} text @returns {Part[]} */
const whole = (text) => [{ text, isChanged: true }];

/** Both lines with the words marked that the other has not.
 * @param {string} before @param {string} after @returns {[Part[], Part[]]} */
function words(before, after) {
  const [first, second] = [before, after].map((line) => line.match(/[\p{L}\p{M}\p{N}_]+|\s+|[^]/gu) ?? []);
  const others = new Set(second);
  const shared = first.filter((word) => word.trim() !== "" && others.has(word)).join("").length;
  if (shared < ALIKE * Math.max(before.length, after.length)) return [whole(before), whole(after)];
  /** @type {[Part[], Part[]]} */
  const parts = [[], []];
  let [i, j] = [0, 0];
  for (const step of steps(first, second, LINE_PAIRS_MAX)) {
    if (step !== "second") add(parts[0], first[i++], step === "first");
    if (step !== "first") add(parts[1], second[j++], step === "second");
  }
  return parts;
}

/** @param {Part[]} parts @param {string} text @param {boolean} isChanged */
function add(parts, text, isChanged) {
  const last = parts.at(-1);
  if (last?.isChanged === isChanged) last.text += text;
  else parts.push({ text, isChanged });
}

/**
 * The shortest way from one list to the other, by their longest common subsequence.
 * @param {string[]} first
 * @param {string[]} second
 * @param {number} pairsMax
 * @returns {Step[]}
 */
function steps(first, second, pairsMax) {
  let start = 0;
  while (start < first.length && start < second.length && first[start] === second[start]) start += 1;
  let end = 0;
  const rest = Math.min(first.length, second.length) - start;
  while (end < rest && first[first.length - 1 - end] === second[second.length - 1 - end]) end += 1;
  const middle = common(first.slice(start, first.length - end), second.slice(start, second.length - end), pairsMax);
  return [...both(start), ...middle, ...both(end)];
}

/** @param {number} count @returns {Step[]} */
const both = (count) => Array.from({ length: count }, () => "both");

/** @param {string[]} first @param {string[]} second @param {number} pairsMax @returns {Step[]} */
function common(first, second, pairsMax) {
  const [rows, columns] = [first.length, second.length];
  /** @type {Step[]} */
  const path = [];
  if (rows * columns > pairsMax) {
    return [...first.map(() => /** @type {Step} */ ("first")), ...second.map(() => /** @type {Step} */ ("second"))];
  }
  // How much what comes after a pair has in common.
  const width = columns + 1;
  const length = new Uint16Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      const [down, right] = [length[(i + 1) * width + j], length[i * width + j + 1]];
      length[i * width + j] = first[i] === second[j] ? length[(i + 1) * width + j + 1] + 1 : Math.max(down, right);
    }
  }
  let [i, j] = [0, 0];
  while (i < rows || j < columns) {
    if (i < rows && j < columns && first[i] === second[j]) {
      path.push("both");
      i += 1;
      j += 1;
    } else if (j === columns || (i < rows && length[(i + 1) * width + j] >= length[i * width + j + 1])) {
      path.push("first");
      i += 1;
    } else {
      path.push("second");
      j += 1;
    }
  }
  return path;
}
