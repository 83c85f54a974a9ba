// Korean that is half written.

import assert from "node:assert/strict";
import { test } from "node:test";

import { foundIn, isChosung, isHalfTyped, matcher } from "../public/js/lib/chosung.js";

const finds = (query, text) => matcher(query)(text);

test("initial consonants stand for their syllables, with and without spaces", () => {
  for (const text of ["배달의 민족", "배달의민족", "어제 배달의\n민족에서", "배달의 민족".normalize("NFD")]) {
    assert(finds("ㅂㄷㅇㅁㅈ", text), text);
    assert(finds("ㅂㄷㅇ ㅁㅈ", text), text);
  }
  assert(!finds("ㅂㄷㅇㅁㅈ", "배달의 만두"));
  assert(finds("ㅋㅋ", "하하 ㅋㅋㅋ"), "consonants that stand there as they are");
});

test("doubled consonants are letters of their own", () => {
  for (const [initial, text] of [["ㄲ", "꽃"], ["ㄸ", "떡"], ["ㅃ", "빵"], ["ㅆ", "쌀"], ["ㅉ", "짜장"], ["ㅎ", "힣"], ["ㄱ", "가"]]) {
    assert(finds(initial, text), text);
  }
  assert(!finds("ㅂ", "빵") && !finds("ㅃ", "밥"));
});

test("what is initial consonants alone is told from the rest", () => {
  for (const query of ["ㄱ", "ㅂㄷ ㅇㅁㅈ", " ㅃ "]) assert(isChosung(query), query);
  for (const query of ["", " ", "가ㄴ", "ㅏ", "a", "ㅂb"]) assert(!isChosung(query), query);
  assert(isHalfTyped("메ㅁ") && isHalfTyped("ㅂㄷ") && !isHalfTyped("메모") && !isHalfTyped("memo"));
});

test("a last syllable may be on its way to another", () => {
  const way = ["ㄱ", "가", "갑", "가바", "가방"];
  for (const query of way) assert(finds(query, "새 가방"), query);
  for (const query of ["ㄷ", "다", "달", "닭", "달ㄱ", "달갸", "달걀"]) assert(finds(query, "달걀 한 판"), query);
  assert(finds("닭", "닭고기"));
  assert(finds("메ㅁ", "오늘의 메모") && !finds("메ㅁ", "메일"));
  assert(!finds("갑", "가을") && !finds("가", "나"));
});

test("every word must be there, whatever its case and form", () => {
  assert(finds("우유 빵", "빵과 우유"));
  assert(!finds("우유 빵", "우유"));
  assert(finds("회의", "회의를 회의에서"), "particles do not matter");
  assert(finds("MEMO", "a Memo") && finds("한글", "한글".normalize("NFD")));
  assert(finds("한글".normalize("NFD"), "한글"));
  assert(finds("", "anything") && finds("  ", "anything"));
});

test("signs of patterns are letters", () => {
  for (const text of ["a.b*c", "(x)[y]{z}", "\\d+", "a|b^$", "2-3/4"]) {
    assert(finds(text, `see ${text}`), text);
    assert(!finds(text, "abc 123"), text);
  }
});

test("what was found can be marked", () => {
  assert.deepEqual(foundIn("배달의 민족, 배달의민족", "ㅂㄷㅇㅁㅈ"), ["배달의 민족", "배달의민족"]);
  assert.deepEqual(foundIn("오늘의 메모", "메ㅁ"), ["메모"]);
  assert.deepEqual(foundIn("A memo. MEMO", "memo a"), ["memo", "a"]);
  assert.deepEqual(foundIn("nothing", ""), []);
});
