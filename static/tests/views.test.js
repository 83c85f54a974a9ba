// Lists of memos, over a service in memory.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { MemoService } from "../public/js/data/memo-service.js";
import { MemoStore } from "../public/js/data/memos.js";
import { Unreachable } from "../public/js/lib/api.js";
import { FakeService } from "./fake-service.js";

let fake, memos;

beforeEach(() => {
  fake = new FakeService();
  memos = new MemoStore(new MemoService(fake.request));
});

const view = (state, tag = "", q = "") => memos.view({ state, tag, q });
const texts = (list) => list.ids.map((id) => memos.get(id).text);

async function opened(...query) {
  const list = view(...query);
  await list.loadMore();
  return list;
}

test("each memo is in the lists of its state, its tags and its words", async () => {
  fake.put("milk #shop/food");
  fake.put("hammer #shop");
  fake.put("old #shop", { archived: true });
  fake.put("gone #shop", { trashed_at: "2026-01-01T00:00:00.000Z" });
  assert.deepEqual(texts(await opened("active")), ["hammer #shop", "milk #shop/food"]);
  assert.deepEqual(texts(await opened("active", "shop")), ["hammer #shop", "milk #shop/food"]);
  assert.deepEqual(texts(await opened("active", "shop/food")), ["milk #shop/food"]);
  assert.deepEqual(texts(await opened("active", "sho")), []);
  assert.deepEqual(texts(await opened("archived")), ["old #shop"]);
  assert.deepEqual(texts(await opened("trashed")), ["gone #shop"]);
  assert.deepEqual(texts(await opened("active", "", "HAM mer")), ["hammer #shop"]);
});

test("a change moves a memo between the lists at once, and back", async () => {
  fake.put("a #x");
  const [all, tagged, archived, trash] = [
    await opened("active"), await opened("active", "x"), await opened("archived"), await opened("trashed"),
  ];
  const where = () => [all, tagged, archived, trash].map((list) => list.ids.length).join("");
  assert.equal(where(), "1100");
  await memos.set("1", { archived: true });
  assert.equal(where(), "0010");
  await memos.set("1", { archived: false });
  await memos.trash(memos.get("1"));
  assert.equal(where(), "0001");
  assert.equal(memos.get("1").version, fake.memos.get("1").version, "the version is known without asking");
  await memos.restore("1");
  assert.equal(where(), "1100");
  await memos.save(memos.get("1"), "a #y");
  assert.equal(where(), "1000");
  await memos.trash(memos.get("1"));
  await memos.delete(memos.get("1"));
  assert.equal(where(), "0000");
  assert.equal(fake.memos.size, 0);
});

test("pages that are short or empty are gone on from until the list is full or at its end", async () => {
  for (let number = 1; number <= 60; number += 1) fake.put(`${number}${number % 10 === 0 ? " #ten" : ""}`);
  fake.work = 7;
  const ten = await opened("active", "ten");
  assert.deepEqual(texts(ten), ["60 #ten", "50 #ten", "40 #ten", "30 #ten", "20 #ten", "10 #ten"]);
  assert(!ten.hasMore);
  const all = await opened("active");
  assert(all.ids.length >= 20 && all.ids.length < 60 && all.hasMore, `${all.ids.length}`);
  while (all.hasMore) await all.loadMore();
  assert.equal(all.ids.length, 60);
});

test("a list that is read only to a place shows nothing older, but for what is pinned or made here", async () => {
  for (let number = 1; number <= 50; number += 1) fake.put(String(number));
  await memos.read("1");
  await memos.read("2");
  await memos.set("2", { pinned: true });
  const all = await opened("active");
  assert(all.ids.includes("2") && !all.ids.includes("1") && all.ids.includes("31"));
  const made = await memos.create("new", "attempt");
  assert.equal(all.ids[0], made.id);
});

test("a search of initial consonants goes through the whole list", async () => {
  fake.put("배달의 민족");
  for (let number = 1; number <= 230; number += 1) fake.put(`메모 ${number}`);
  const found = await opened("active", "", "ㅂㄷㅇㅁㅈ");
  assert.deepEqual(texts(found), ["배달의 민족"]);
  assert(fake.asked.every((request) => !request.includes("q=")), "the service would find nothing");
});

test("what is known already is found before the service answers, and its own finds are taken as they are", async () => {
  fake.put("Straße");
  fake.put("우유");
  await opened("active");
  const milk = view("active", "", "우유");
  assert.deepEqual(texts(milk), ["우유"]);
  const street = view("active", "", "strasse"); // Folded by the service's rules, which know more.
  memos.list = async () => ({ items: [fake.memos.get("1")], next_cursor: null });
  await street.loadMore();
  assert.deepEqual(texts(street), ["Straße"]);
});

test("a list that nobody looks at any more stops", async () => {
  for (let number = 1; number <= 60; number += 1) fake.put(String(number));
  fake.work = 5;
  const list = view("active", "", "nothing like it");
  const loading = list.loadMore();
  list.rest();
  await loading;
  assert.equal(fake.asked.length, 1);
  assert(!list.isLoading);
});

test("a refused cursor is forgotten, so that trying again begins at the top", async () => {
  for (let number = 1; number <= 30; number += 1) fake.put(String(number));
  const list = await opened("active");
  const { request } = fake;
  memos.list = () => request("GET", "/api/memos?limit=20&cursor=old%7C3");
  await list.loadMore();
  assert.equal(list.failure?.slug, "invalid-request");
  delete memos.list;
  await list.loadMore();
  assert.equal(list.failure, null);
  while (list.hasMore) await list.loadMore();
  assert.equal(list.ids.length, 30);
});

test("emptying the trash goes on until nothing is left, and tells how far it is", async () => {
  for (let number = 1; number <= 25; number += 1) fake.put(String(number), { trashed_at: "2026-01-01T00:00:00.000Z" });
  fake.put("stays");
  fake.step = 10;
  // More than one step of memos that are not in the trash lie above.
  for (let number = 1; number <= 12; number += 1) fake.put(`stays ${number}`);
  const trash = await opened("trashed");
  const told = [];
  await memos.emptyTrash((removed) => told.push(removed));
  assert.deepEqual(told, [0, 7, 17]);
  assert.deepEqual(trash.ids, []);
  assert.equal(fake.memos.size, 13);
});

test("an emptying that fails midway shows what is still there", async () => {
  for (let number = 1; number <= 25; number += 1) fake.put(String(number), { trashed_at: "2026-01-01T00:00:00.000Z" });
  fake.step = 20;
  const trash = await opened("trashed");
  const { request } = fake;
  let calls = 0;
  const service = new MemoService((...args) => {
    if (args[0] === "DELETE" && (calls += 1) === 2) return Promise.reject(new Unreachable());
    return request(...args);
  });
  const store = new MemoStore(service);
  await assert.rejects(store.emptyTrash(() => {}), Unreachable);
  assert.equal(store.view(trash.query).ids.length, 5);
});

test("what does not depend on the text is done to whatever version there is", async () => {
  fake.put("a");
  await opened("active");
  fake.edit("1", { text: "b" });
  await memos.set("1", { pinned: true });
  assert.deepEqual([memos.get("1").text, memos.get("1").pinned], ["b", true]);
});

test("a memo that is in the trash elsewhere is shown to be there", async () => {
  fake.put("a");
  const all = await opened("active");
  await memos.read("1");
  fake.edit("1", { trashed_at: "2026-01-01T00:00:00.000Z" });
  await assert.rejects(memos.set("1", { pinned: true }), { slug: "in-trash" });
  assert.deepEqual(all.ids, []);
});
