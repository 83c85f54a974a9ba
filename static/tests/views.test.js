// Lists of memos.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { memoryDatabase } from "../public/js/data/local/database.js";
import { LocalMemos } from "../public/js/data/local/local-memos.js";
import { MemoStore } from "../public/js/data/memos.js";
import { learned } from "../public/js/data/sync/record.js";
import { tagsOf } from "../public/js/lib/tags.js";
import { channels } from "./channels.js";

let local, memos, next;

beforeEach(() => {
  local = new LocalMemos(memoryDatabase(), channels(1)[0]);
  memos = Object.assign(new MemoStore(), { local });
  next = 1;
});

function put(text, fields) {
  const id = String(next++);
  const at = new Date(Number(id) * 1000).toISOString();
  const memo = { id, text, tags: tagsOf(text), pinned: false, archived: false, created_at: at, updated_at: at, trashed_at: null, version: 1, ...fields };
  return local.update([], () => ({ put: [learned(memo, 1)] }));
}

const view = (state, tag = "", q = "") => memos.view({ state, tag, q });
const texts = (list) => list.ids.map((id) => memos.get(id).text);

test("each memo is in the lists of its state, its tags and its words", async () => {
  await put("milk #shop/food");
  await put("hammer #shop");
  await put("old #shop", { archived: true });
  await put("gone #shop", { trashed_at: "2026-01-01T00:00:00.000Z" });
  assert.deepEqual(texts(view("active")), ["hammer #shop", "milk #shop/food"]);
  assert.deepEqual(texts(view("active", "shop")), ["hammer #shop", "milk #shop/food"]);
  assert.deepEqual(texts(view("active", "shop/food")), ["milk #shop/food"]);
  assert.deepEqual(texts(view("active", "sho")), []);
  assert.deepEqual(texts(view("archived")), ["old #shop"]);
  assert.deepEqual(texts(view("trashed")), ["gone #shop"]);
  assert.deepEqual(texts(view("active", "", "HAM mer")), ["hammer #shop"]);
});

test("initial consonants find what is half typed, among all memos", async () => {
  await put("배달의 민족");
  for (let count = 0; count < 50; count += 1) await put(`memo ${count}`);
  assert.deepEqual(texts(view("active", "", "ㅂㄷㅇㅁㅈ")), ["배달의 민족"]);
});

test("a change moves a memo between the lists at once, and back", async () => {
  await put("one #a");
  const [list, archived, tagged] = [view("active"), view("archived"), view("active", "a")];
  assert.deepEqual([list.ids, archived.ids, tagged.ids], [["1"], [], ["1"]]);
  await memos.set("1", { archived: true });
  assert.deepEqual([list.ids, archived.ids, tagged.ids], [[], ["1"], []]);
  await memos.change(["1"], () => ({ archived: false, text: "one #b", shown: "one #a" }));
  assert.deepEqual([list.ids, archived.ids, tagged.ids], [["1"], [], []]);
});

test("as many are shown as somebody has scrolled to, and all are counted", async () => {
  for (let count = 1; count <= 45; count += 1) await put(`memo ${count}`);
  const list = view("active");
  assert.deepEqual([list.ids.length, list.found.length, list.hasMore, list.ids[0]], [20, 45, true, "45"]);
  list.showMore();
  list.showMore();
  assert.deepEqual([list.ids.length, list.hasMore], [45, false]);
  assert.equal(view("active"), list, "the way back leads to the same place");
});

test("a new memo is on top, also before the server has given it a name", async () => {
  await put("old", { created_at: "2020-01-01T00:00:00.000Z" });
  await memos.create("new");
  assert.deepEqual(texts(view("active")), ["new", "old"]);
});
