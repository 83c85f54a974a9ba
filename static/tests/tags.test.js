// Tags in texts.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { pathOfTag, renameTag, tagsOf } from "../public/js/lib/tags.js";

test("every case of the corpus has its tags", () => {
  const corpus = JSON.parse(readFileSync(new URL("../../tests/corpora/tags.json", import.meta.url), "utf8"));
  assert(corpus.length > 40);
  for (const { text, tags } of corpus) assert.deepEqual(tagsOf(text), tags, JSON.stringify(text));
});

test("a text has a bounded number of tags, and a tag a bounded length", () => {
  const many = Array.from({ length: 120 }, (_, index) => `#t${index}`).join(" ");
  assert.equal(tagsOf(many).length, 100);
  assert.deepEqual(tagsOf(`#${"가".repeat(100)} #${"나".repeat(101)}`), ["가".repeat(100)]);
  assert.deepEqual(tagsOf(`#a${"-".repeat(60_000)}`), ["a"]);
});

test("a tag is renamed with all that is nested under it, and nowhere else", () => {
  const text = "#일/회의 #일 #일기 `#일` https://x.test/#일\n```\n#일\n```\n#\u110b\u1175\u11af/a #A/일";
  assert.equal(renameTag(text, "일", "일터/본사"), text.replace("#일/회의 #일 ", "#일터/본사/회의 #일터/본사 ").replace("#\u110b\u1175\u11af/a", "#일터/본사/a"));
  assert.equal(renameTag("#a/b/c #a/bc #a", "A/B", "x"), "#x/c #a/bc #a");
  assert.equal(renameTag("no tag", "a", "b"), "no tag");
});

test("a tag's address", () => {
  assert.equal(pathOfTag("가/b_c"), "/tag/%EA%B0%80/b_c");
});
