// Three-way merges of texts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { merge, textOf } from "../public/js/data/sync/merge.js";

const clean = (base, mine, theirs, text) => {
  assert.equal(merge(base, mine, theirs).text, text);
  assert.equal(merge(base, theirs, mine).text, text, "it is the same the other way round");
};

/** One of the texts, put together from the parts. */
const side = ({ parts }, name) => textOf(parts, (part) => part[name]);

test("what only one has changed is taken", () => {
  clean("a\nb\nc", "a\nB\nc", "a\nb\nc", "a\nB\nc");
  clean("", "a", "", "a");
  clean("a", "a", "", "");
});

test("changes of other lines come together, also of lines that are neighbours", () => {
  clean("a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC");
  clean("우유\n빵", "우유 둘\n빵", "우유\n빵 셋", "우유 둘\n빵 셋");
  clean("a\nb", "x\na\nb", "a\nb\ny", "x\na\nb\ny");
});

test("changes of other words of one line come together", () => {
  clean("나는 밥을 먹는다", "나는 빵을 먹는다", "나는 밥을 먹었다", "나는 빵을 먹었다");
  clean("one two three", "one 2 three", "one two three four", "one 2 three four");
});

test("the same change twice is one", () => {
  clean("a\nb", "a\nb\nc", "a\nb\nc", "a\nb\nc");
  clean("a\nb\nc\nd", "a\nx\nc\nd", "a\nx\nc\nD", "a\nx\nc\nD");
});

test("two changes of the same words are a conflict, which has both", () => {
  const merged = merge("a\nmilk\nz", "a\nmilk and bread\nz", "a\nmilk and eggs\nz\nend");
  assert.equal(merged.text, null);
  assert.deepEqual(merged.parts, [
    { text: "a\n" },
    { base: "milk\n", mine: "milk and bread\n", theirs: "milk and eggs\n" },
    { text: "z\nend\n" },
  ]);
});

test("a line that one has changed and the other removed is a conflict", () => {
  assert.equal(merge("a\nb\nc", "a\nB\nc", "a\nc").text, null);
});

test("lines that end in two characters are the same lines", () => {
  clean("a\r\nb\r\nc", "a\nB\nc", "a\r\nb\r\nC", "a\nB\nC");
});

test("texts that are all alike do not take for ever, and nothing is lost", () => {
  const text = (count, last) => "\n".repeat(count) + last;
  const merged = merge("\n".repeat(30_000), text(31_000, "mine"), text(29_000, "theirs"));
  assert.equal(side(merged, "mine"), text(31_000, "mine"));
  assert.equal(side(merged, "theirs"), text(29_000, "theirs"));
  const words = (word) => Array.from({ length: 16_000 }, (_, index) => (index % 3 ? "a" : `${word}${index}`)).join(" ");
  assert.equal(side(merge("a ".repeat(16_000), words("x"), words("y")), "mine"), words("x"));
});

test("names that objects have of their own are words like others", () => {
  clean("__proto__\nconstructor", "__proto__ x\nconstructor", "__proto__\nconstructor\ny", "__proto__ x\nconstructor\ny");
});

test("whatever the texts are, the parts hold all of mine and all of theirs that was new", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let run = 0; run < 3000; run += 1) {
    let next = 0;
    const base = Array.from({ length: random(6) }, () => `b${next++}`);
    const change = () => {
      const list = [...base];
      for (let edits = random(4); edits > 0; edits -= 1) list.splice(random(list.length + 1), random(3), `n${next++}`);
      return list.map((word) => word + (random(3) ? "\n" : " ")).join("");
    };
    const text = base.map((word) => word + (random(3) ? "\n" : " ")).join("");
    const [mine, theirs] = [change(), change()];
    const merged = merge(text, mine, theirs);
    for (const [name, other, source] of [["mine", "theirs", mine], ["theirs", "mine", theirs]]) {
      for (const word of source.match(/n\d+/g) ?? []) {
        assert(merged.parts.some((part) => (part.text ?? part[name]).includes(word)), `${word} of ${name}`);
        assert(!side(merged, other).split(word)[2], `${word} twice`);
      }
    }
  }
});
