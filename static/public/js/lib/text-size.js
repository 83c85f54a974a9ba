// How much room a text takes, as far as that can be told without showing it.

/** A card shows about twelve lines. One or two more are not worth a button. */
const LINES_MAX = 14;
/** As wide as a card's line, in letters of Latin script; one of Korean or Chinese is about as wide as two. */
const LINE_WIDTH = 76;
const WIDE = /[\u1100-\u11ff\u3000-\ud7ff\uf900-\ufaff\uff00-\uff60]/gu;

/** Whether a text takes more lines than a card shows. @param {string} text */
export function isLong(text) {
  let lines = 0;
  for (const line of text.trimEnd().split("\n", LINES_MAX + 1)) {
    const part = line.slice(0, LINES_MAX * LINE_WIDTH);
    lines += Math.max(1, Math.ceil((part.length + (part.match(WIDE)?.length ?? 0)) / LINE_WIDTH));
  }
  return lines > LINES_MAX;
}
