// The difference of two texts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { diff } from "../public/js/lib/diff.js";

const SIGNS = { same: " ", removed: "-", added: "+" };
/** As lines with a sign before each; what is changed inside a line stands in brackets. */
const shown = (before, after) =>
  diff(before, after).map(({ kind, parts }) => {
    const isMarked = parts.length > 1;
    const text = parts.map(({ text: part, isChanged }) => (isMarked && isChanged ? `[${part}]` : part)).join("");
    return SIGNS[kind] + text;
  });
const side = (lines, other) => lines.filter(({ kind }) => kind !== other).map(({ parts }) => parts.map(({ text }) => text).join("")).join("\n");

test("lines that stay, go and come", () => {
  assert.deepEqual(shown("a\nb\nc", "a\nc"), [" a", "-b", " c"]);
  assert.deepEqual(shown("a\nc", "a\nb\nc"), [" a", "+b", " c"]);
  assert.deepEqual(shown("same", "same"), [" same"]);
  assert.deepEqual(shown("apple", "여름"), ["-apple", "+여름"]);
});

test("words inside a changed line", () => {
  assert.deepEqual(shown("buy milk today", "buy bread today"), ["-buy [milk] today", "+buy [bread] today"]);
  assert.deepEqual(shown("- [ ] 우유 사기", "- [x] 우유 사기"), ["-- [[ ]] 우유 사기", "+- [[x]] 우유 사기"]);
  assert.deepEqual(shown("내일 회의", "내일 오전 회의"), ["-내일 회의", "+내일 [오전 ]회의"]);
});

test("both texts can be read from it", () => {
  const letters = ["a", "b", "c d", "c e", "", "가 나", "가 다"];
  let seed = 7;
  const next = (bound) => (seed = (seed * 48_271) % 2_147_483_647) % bound;
  const some = () => Array.from({ length: next(9) }, () => letters[next(letters.length)]).join("\n");
  for (let round = 0; round < 500; round += 1) {
    const [before, after] = [some(), some()];
    const lines = diff(before, after);
    assert.equal(side(lines, "added"), before);
    assert.equal(side(lines, "removed"), after);
  }
});

test("texts that are too long to compare are told as replaced, but for what they begin and end with", () => {
  const many = (word) => Array.from({ length: 8000 }, (_, index) => `${word}${index}`).join("\n");
  const lines = diff(`same\n${many("a")}\nend`, `same\n${many("b")}\nend`);
  assert.deepEqual([lines[0].kind, lines.at(-1).kind], ["same", "same"]);
  assert.equal(lines.filter(({ kind }) => kind === "removed").length, 8000);
  const long = diff("x ".repeat(16_000), "y x ".repeat(8_000));
  assert.equal(long.length, 2);
});
