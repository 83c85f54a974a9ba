// The difference of two texts as elements: what was taken out and put in is told by element and sign, not by colour alone.

import { diff } from "../../lib/diff.js";
import { setText } from "../../lib/i18n.js";

/** @typedef {import("../../lib/diff.js").Line} Line */

/** So many lines that are the same are shown on either side of a change. */
const AROUND = 2;

/** @param {string} before @param {string} after */
export function differenceOf(before, after) {
  const fragment = document.createDocumentFragment();
  const lines = diff(before, after);
  const isNear = nearChanges(lines);
  let left = 0;
  for (const [index, line] of lines.entries()) {
    if (!isNear[index]) {
      left += 1;
      continue;
    }
    if (left > 0) fragment.append(leftOut(left));
    left = 0;
    fragment.append(elementOf(line));
  }
  if (left > 0) fragment.append(leftOut(left));
  return fragment;
}

/** @param {Line[]} lines */
function nearChanges(lines) {
  /** @type {boolean[]} */
  const isNear = lines.map(() => false);
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== "same") isNear.fill(true, Math.max(0, index - AROUND), index + AROUND + 1);
  }
  return isNear;
}

/** @param {Line} line */
function elementOf({ kind, parts }) {
  const element = document.createElement(kind === "removed" ? "del" : kind === "added" ? "ins" : "span");
  element.className = "line";
  for (const { text, isChanged } of parts) {
    const isMarked = isChanged && parts.length > 1;
    const part = isMarked ? document.createElement("strong") : document.createTextNode(text);
    if (isMarked) part.textContent = text;
    element.append(part);
  }
  return element;
}

/** @param {number} count */
function leftOut(count) {
  const element = document.createElement("span");
  element.className = "line left-out";
  setText(element, "linesSame", { count });
  return element;
}
