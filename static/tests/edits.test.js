// What keys and tools do to a text. `|` is the caret, `«` and `»` are the ends of a selection.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as edits from "../public/js/lib/markdown/edits.js";

/** @param {string} marked */
function selectionIn(marked) {
  const start = marked.search(/[|«]/);
  const text = marked.replace(/[|«]/, "");
  const end = text.indexOf("»");
  return { text: text.replace("»", ""), start, end: end === -1 ? start : end };
}

/** The text after an edit, with its selection; null where there is none. */
function after(marked, edit) {
  const selection = selectionIn(marked);
  const change = edit(selection);
  if (!change) return null;
  const text = selection.text.slice(0, change.start) + change.insert + selection.text.slice(change.end);
  const [start, end] = change.select;
  if (start === end) return `${text.slice(0, start)}|${text.slice(start)}`;
  return `${text.slice(0, start)}«${text.slice(start, end)}»${text.slice(end)}`;
}

/** @param {(selection: object) => object | null} edit @param {Record<string, string | null>} cases */
function does(edit, cases) {
  for (const [before, wanted] of Object.entries(cases)) assert.equal(after(before, edit), wanted, before);
}

test("Enter goes on with a list, a checklist, a quote", () => {
  does(edits.continueItem, {
    "- a|": "- a\n- |",
    "x\n  * a|b\ny": "x\n  * a\n  * |b\ny",
    "9. a|": "9. a\n10. |",
    "3)  a|": "3)  a\n4)  |",
    "- [x] a|": "- [x] a\n- [ ] |",
    "1. [ ] a|": "1. [ ] a\n2. [ ] |",
    "> a|": "> a\n> |",
    "> - a|": "> - a\n> - |",
    "- a«b»c": "- a\n- |c",
    "999. a|": "999. a\n999. |",
  });
});

test("Enter ends a list where the item is empty, and elsewhere it is Enter", () => {
  does(edits.continueItem, {
    "- a\n- |": "- a\n|",
    "- a\n- [ ] |\nb": "- a\n|\nb",
    "> a\n> |": "> a\n|",
    "plain|": null,
    "|- a": null,
    "-| a": null,
    "-a|": null,
    "2026. 11. 22.|": null,
    "1985. a|": null,
  });
});

test("Tab and Shift with it change a list's depth, and lead on elsewhere", () => {
  does(edits.indentItems, {
    "- a\n- b|": "- a\n  - b|",
    "- a\n  - b|": null,
    "- a|": null,
    "plain\n- a|": null,
    "- a\nplain|": null,
    "1. a\n«2. b\n3. c»\nd": "1. a\n  «2. b\n  3. c»\nd",
    "- a\n- b«c\n- d\nte»xt": "- a\n  - b«c\n  - d\nte»xt",
  });
  does(edits.outdentItems, {
    "- a\n  - b|": "- a\n- b|",
    "\t- |b": "- |b",
    " |  - b": "| - b",
    "- a|": null,
    "  plain|": null,
    "  «- a\n  - b»": "«- a\n- b»",
  });
});

test("bold and italic go around what is selected, and away again", () => {
  const bold = (selection) => edits.toggleMark(selection, "**");
  const italic = (selection) => edits.toggleMark(selection, "*");
  does(bold, { "a «b» c": "a **«b»** c", "a **«b»** c": "a «b» c", "a | c": "a **|** c", "**|**": "|" });
  does(italic, { "«b»": "*«b»*", "*«b»*": "«b»", "**«b»**": "***«b»***", "***«b»***": "**«b»**" });
});

test("lines become items, and lines again", () => {
  const make = (kind) => (selection) => edits.toggleItems(selection, kind);
  does(make("list"), { "a|": "- a|", "- a|": "a|", "|": "- |", "«a\n\nb»": "- «a\n\n- b»", "- [ ] a|": "- a|", "1. a|": "- a|" });
  does(make("checklist"), { "a|": "- [ ] a|", "  - a|": "  - [ ] a|", "- [x] a|": "a|", "> a|": "> - [ ] a|" });
  does(make("numbers"), { "«a\nb»": "1. «a\n2. b»", "«1. a\n2. b»": "«a\nb»", "- a|": "1. a|" });
});

test("a link has the caret where something is missing", () => {
  does(edits.makeLink, {
    "a «b» c": "a [b](|) c",
    "«https://x.test/y»": "[|](https://x.test/y)",
    "a |": "a [|]()",
  });
});

test("a tag begins apart from the word before it, and is written out", () => {
  does(edits.beginTag, { "|": "#|", "a|": "a #|", "a |": "a #|", "«word»": "#word|" });
  const complete = (selection) => edits.completeTag(selection, "여행/제주");
  does(complete, { "a #여|": "a #여행/제주 |", "#|": "#여행/제주 |", "a|": null, "a#여|": null, "«#여»": null, "#여 |": null });
});
