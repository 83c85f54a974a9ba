// How good a password is said to be.

import assert from "node:assert/strict";
import { test } from "node:test";

import { strengthOf } from "../public/js/lib/password-strength.js";

/** @param {Record<string, [number, string | null]>} cases */
function rates(cases) {
  for (const [password, [level, why]] of Object.entries(cases)) {
    assert.deepEqual(strengthOf(password, "ann.smith"), { level, why }, password);
  }
}

test("what is tried first is at the bottom, with the reason", () => {
  rates({
    "": [0, "strengthShort"],
    seven77: [0, "strengthShort"],
    password1: [0, "strengthWord"],
    "P@ssw0rd!": [0, "strengthWord"],
    iloveyou: [0, "strengthWord"],
    dkssudgktpdy: [0, "strengthWord"],
    qwerty123: [0, "strengthKeys"],
    poiuytrewq: [0, "strengthKeys"],
    "1q2w3e4r": [0, "strengthKeys"],
    가나다라마바사아: [0, "strengthKeys"],
    abcdefgh: [0, "strengthSeries"],
    98765432: [0, "strengthSeries"],
    aaaaaaaaaaaaaaaaaaaa: [0, "strengthRepeat"],
    abababababab: [0, "strengthRepeat"],
    19901231: [0, "strengthDate"],
  });
});

test("the name of the person and of the app add almost nothing, in any case", () => {
  rates({
    "ann.smith1": [0, "strengthName"],
    "Ann.Smith2026": [0, "strengthName"],
    "memo-pad-2026": [0, "strengthName"],
    메모장메모장24: [0, "strengthName"],
  });
  assert.equal(strengthOf("ann.smith1").why, null, "somebody else's");
});

test("long ones of one's own are strong, in any script", () => {
  for (const strong of ["correct horse battery staple", "우리집 고양이는 노랗다", "blue table 42 sings", "vK9#mQ2$xL7p-Zt4!"]) {
    assert.deepEqual(strengthOf(strong), { level: 4, why: null }, strong);
  }
});

test("what is added to a password never makes it weaker by more than a piece of it", () => {
  let last = 0;
  for (const text of ["sunshine", "sunshine and", "sunshine and no", "sunshine and no rain on tuesdays"]) {
    const { level } = strengthOf(text);
    assert(level >= last, text);
    last = level;
  }
  assert.equal(last, 4);
});

test("decomposed Hangul is the same password", () => {
  assert.deepEqual(strengthOf("비밀번호비밀번호".normalize("NFD")), strengthOf("비밀번호비밀번호"));
});

test("whatever somebody enters is rated, and by a bounded part of it", () => {
  for (const text of ["\u0000".repeat(9), "\ud800".repeat(9), "👩‍👩‍👧".repeat(50), "a1".repeat(100_000), " ".repeat(1000)]) {
    const { level } = strengthOf(text, "a");
    assert(Number.isInteger(level) && level >= 0 && level <= 4);
  }
});
