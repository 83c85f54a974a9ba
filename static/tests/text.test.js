// What can be said about a text.

import assert from "node:assert/strict";
import { test } from "node:test";

import { countLetters, TEXT_MAX_BYTES, validateMemo } from "../public/js/lib/text.js";

test("letters are counted as people count them", () => {
  assert.equal(countLetters("한글😀"), 3);
});

test("a memo has something in it, and not too much", () => {
  assert.deepEqual(validateMemo(" \n"), { key: "memoBlank" });
  assert.equal(validateMemo("a".repeat(TEXT_MAX_BYTES)), null);
  const tooLong = "한".repeat(Math.ceil(TEXT_MAX_BYTES / 3));
  assert.deepEqual(validateMemo(tooLong), { key: "memoTooLong", params: { count: tooLong.length } });
});
