// Moments in few words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { shortTime } from "../public/js/lib/time.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const now = new Date(2026, 10, 22, 12);
const after = (milliseconds) => shortTime(new Date(now.valueOf() + milliseconds), "en", now);

test("what was a short while ago is told by how long, and what was before by its day", () => {
  assert.equal(after(-1), "now");
  assert.equal(after(-5 * MINUTE), "5 minutes ago");
  assert.equal(after(-6 * DAY), "6 days ago");
  assert.equal(after(-30 * DAY), "Oct 23");
  assert.equal(after(-400 * DAY), "Oct 18, 2025");
});

test("what is to come is told by its day, but for clocks that differ", () => {
  assert.equal(after(30 * MINUTE), "now");
  assert.equal(after(30 * DAY), "Dec 22");
  assert.equal(after(366 * DAY), "Nov 23, 2027");
});
