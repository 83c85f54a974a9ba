// The same change to many memos, and tags: counted, and renamed everywhere.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Many } from "../public/js/data/many.js";
import { MemoService } from "../public/js/data/memo-service.js";
import { MemoStore } from "../public/js/data/memos.js";
import { Selection } from "../public/js/data/selection.js";
import { treeOf } from "../public/js/data/tag-index.js";
import { TagRename } from "../public/js/data/tag-rename.js";
import { Problem, Unreachable } from "../public/js/lib/api.js";
import { FakeService } from "./fake-service.js";

let fake, memos, many, service;

beforeEach(() => {
  fake = new FakeService();
  service = new MemoService((...args) => fake.request(...args));
  memos = new MemoStore(service);
  many = new Many(memos, service);
});

/** Puts memos there, and lets the store know them. */
function known(...texts) {
  const all = texts.map((text) => fake.put(text));
  for (const memo of all) memos.learn(memo);
  return all.map((memo) => memo.id);
}

const archive = (memo) => (memo.archived ? null : { archived: true });
const requests = (part) => fake.asked.filter((request) => request.includes(part)).length;

test("many memos are changed in few requests, and what was is told", async () => {
  const ids = known(...Array.from({ length: 230 }, (_, index) => `memo ${index}`));
  const { before, failed } = await many.change(ids, archive);
  assert.equal(before.size, 230);
  assert.equal(failed.size, 0);
  assert.equal(requests("batch"), 3);
  assert([...fake.memos.values()].every((memo) => memo.archived));
  assert(ids.every((id) => memos.get(id).archived && !before.get(id).archived));
});

test("requests stay below the service's bound in bytes", async () => {
  const ids = known(...Array.from({ length: 40 }, () => "가".repeat(20_000)));
  const sizes = [];
  const { request } = fake;
  fake.request = (method, path, options) => {
    sizes.push(new TextEncoder().encode(JSON.stringify(options.json)).length);
    return request(method, path, options);
  };
  await many.change(ids, (memo) => (memo.text.endsWith("!") ? null : { text: `${memo.text}!` }));
  assert(sizes.length > 2 && sizes.every((size) => size < 1_048_576), `${sizes}`);
  assert([...fake.memos.values()].every((memo) => memo.text.endsWith("!")));
});

test("the trash is one of the things that can be done to many", async () => {
  const ids = known("a", "b");
  const { before } = await many.change(ids, (memo) => (memo.trashed_at ? null : "trash"));
  assert.equal(before.size, 2);
  assert(ids.every((id) => memos.get(id).trashed_at && memos.get(id).version === fake.memos.get(id).version));
  await many.change([...before.keys()], (memo) => (memo.trashed_at ? { trashed_at: null } : null));
  assert([...fake.memos.values()].every((memo) => memo.trashed_at === null));
});

test("a memo that was changed elsewhere is changed as it is by now", async () => {
  const ids = known("a", "b");
  fake.edit(ids[0], { text: "A" });
  const { before, failed } = await many.change(ids, (memo) => (memo.text.endsWith("x") ? null : { text: `${memo.text}x` }));
  assert.deepEqual([...fake.memos.values()].map((memo) => memo.text), ["Ax", "bx"]);
  assert.deepEqual([before.size, failed.size], [2, 0]);
});

test("what is gone is told, and the rest is done", async () => {
  const ids = known("a", "b");
  fake.memos.delete(ids[0]);
  const { before, failed } = await many.change(ids, archive);
  assert.deepEqual([...before.keys()], [ids[1]]);
  assert.equal(failed.get(ids[0])?.status, 404);
  assert.equal(memos.get(ids[0]), null);
});

test("a request whose answer got lost is sent again, and nothing is done twice", async () => {
  const ids = known("a", "b");
  const { request } = fake;
  let lost = 1;
  fake.request = async (...args) => {
    const answer = await request(...args);
    if (lost-- > 0) throw new Unreachable();
    return answer;
  };
  const { before, failed } = await many.change(ids, (memo) => (memo.text.endsWith("x") ? null : { text: `${memo.text}x` }));
  assert.deepEqual([...fake.memos.values()].map((memo) => [memo.text, memo.version]), [["ax", 2], ["bx", 2]]);
  assert.deepEqual([before.size, failed.size], [2, 0]);
});

test("a refusal of the whole request is told for each, once", async () => {
  const ids = known("a", "b");
  fake.request = async () => {
    fake.asked.push("POST batch");
    throw new Problem(403, { type: "/problems#quota-exceeded" });
  };
  const { before, failed } = await many.change(ids, archive);
  assert.deepEqual([before.size, failed.size, requests("batch")], [0, 2, 1]);
});

test("tags are a tree that counts what is below", () => {
  const tree = treeOf([{ tag: "b", count: 1 }, { tag: "a/y/z", count: 2 }, { tag: "a/x", count: 3 }, { tag: "a", count: 4 }]);
  const shape = (nodes) => nodes.map(({ tag, name, count, children }) => [tag, name, count, shape(children)]);
  assert.deepEqual(shape(tree), [
    ["a", "a", 9, [["a/x", "x", 3, []], ["a/y", "y", 2, [["a/y/z", "z", 2, []]]]]],
    ["b", "b", 1, []],
  ]);
});

/** A storage in memory. */
function storage() {
  const items = new Map();
  return {
    items,
    get: (key) => items.get(key) ?? null,
    set: (key, value) => void items.set(key, value),
    remove: (key) => void items.delete(key),
    keys: () => [...items.keys()],
  };
}

const rename = (text, from, to) => text.replaceAll(`#${from}`, `#${to}`);
const renamer = (kept, over = service) =>
  new TagRename({ service: over, store: memos, many, storage: kept, owner: () => "ann", rename });
const allTexts = () => [...fake.memos.values()].map((memo) => memo.text);

test("a tag is renamed everywhere, but not in the trash", async () => {
  for (let number = 1; number <= 120; number += 1) fake.put(`${number} #old/x`);
  fake.put("archived #old", { archived: true });
  fake.put("trashed #old", { trashed_at: "2026-01-01T00:00:00.000Z" });
  const kept = storage();
  const job = renamer(kept);
  let ended;
  job.addEventListener("end", ({ detail }) => (ended = detail));
  await job.start("old", "new");
  assert.deepEqual(allTexts().filter((text) => text.includes("#old")), ["trashed #old"]);
  assert.equal(allTexts().filter((text) => /#new(\/x)?$/.test(text)).length, 121);
  assert.deepEqual([ended.done, ended.failed], [121, 0]);
  assert.equal(job.job, null);
  assert.equal(kept.items.size, 0);
});

test("a tag may become one below itself", async () => {
  for (let number = 1; number <= 70; number += 1) fake.put(`${number} #a`);
  await renamer(storage()).start("a", "a/b");
  assert(allTexts().every((text) => text.endsWith(" #a/b")), allTexts()[0]);
});

test("a job that was broken off goes on where it was, with no text kept", async () => {
  for (let number = 1; number <= 120; number += 1) fake.put(`secret ${number} #old`);
  const kept = storage();
  let left = 3;
  const failing = new MemoService((...args) => {
    if (args[0] === "GET" && (left -= 1) < 2) return Promise.reject(new Unreachable());
    return fake.request(...args);
  });
  const first = renamer(kept, failing);
  await first.start("old", "new");
  assert(first.failure instanceof Unreachable && !first.isRunning);
  assert.equal(allTexts().filter((text) => text.includes("#new")).length, 50);
  assert(![...kept.items.values()].join().includes("secret"));
  const second = renamer(kept);
  await second.resume();
  assert.equal(allTexts().filter((text) => text.includes("#new")).length, 120);
  assert.equal(second.job, null);
});

test("a job can be stopped", async () => {
  for (let number = 1; number <= 120; number += 1) fake.put(`${number} #old`);
  const job = renamer(storage());
  job.addEventListener("change", () => job.job?.done > 0 && job.stop());
  await job.start("old", "new");
  assert.equal(allTexts().filter((text) => text.includes("#new")).length, 50);
  assert.equal(job.isRunning, false);
});

test("a selection is switched, cleared, and left to what is seen", () => {
  const selection = new Selection();
  let heard = 0;
  selection.addEventListener("change", () => (heard += 1));
  for (const id of ["1", "2", "3", "2"]) selection.toggle(id);
  assert.deepEqual(selection.ids, ["1", "3"]);
  selection.keepOnly(["3", "4"]);
  assert.deepEqual(selection.ids, ["3"]);
  selection.keepOnly(["3"]);
  assert.equal(heard, 5);
  selection.clear();
  assert.equal(selection.size, 0);
});
