// Code between backticks, which is found before anything else in a line is.

/**
 * Where code between backticks ends: for the index of each run of backticks that begins some, the index of the run of
 * the same length, on the same line, that ends it. Each backtick is looked at once.
 * @param {string} text
 * @returns {Map<number, number>}
 */
export function codeSpans(text) {
  const runs = Array.from(text.matchAll(/`+|\n/g));
  /** @type {Map<number, number>} */
  const ends = new Map();
  /** The next run of each length.
   * @type {Map<number, number>} */
  const next = new Map();
  for (const { 0: run, index } of runs.reverse()) {
    if (run === "\n") {
      next.clear();
      continue;
    }
    const end = next.get(run.length);
    if (end !== undefined) ends.set(index, end);
    next.set(run.length, index);
  }
  return ends;
}

/** The backticks that begin at `index`, as one run.
 * @param {string} text @param {number} index */
export function backticksAt(text, index) {
  let end = index;
  while (text[end] === "`") end += 1;
  return text.slice(index, end);
}
