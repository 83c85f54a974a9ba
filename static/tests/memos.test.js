// The memos of a device, as the screens see them, in two tabs.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { memoryDatabase } from "../public/js/data/local/database.js";
import { LocalMemos } from "../public/js/data/local/local-memos.js";
import { MemoStore } from "../public/js/data/memos.js";
import { learned } from "../public/js/data/sync/record.js";
import { channels } from "./channels.js";

let database, locals, memos, other, changes;

/** A memo as the server tells it. */
const told = (id, text, fields) => ({
  id, text, tags: [], pinned: false, archived: false, created_at: `2026-01-01T00:00:0${id}.000Z`,
  updated_at: `2026-01-01T00:00:0${id}.000Z`, trashed_at: null, version: 1, ...fields,
});
const put = (...memo) => locals[0].update([], () => ({ put: memo.map((one) => learned(one, 1)) }));
const settle = () => new Promise((resume) => setImmediate(resume));

beforeEach(async () => {
  database = memoryDatabase();
  const tabs = channels(2);
  for (const tab of tabs) tab.close = () => {};
  locals = tabs.map((tab) => new LocalMemos(database, tab));
  [memos, other] = locals.map((local) => Object.assign(new MemoStore(), { local }));
  changes = 0;
  other.addEventListener("change", () => (changes += 1));
});

test("a new memo is there at once, and in the other tab", async () => {
  const id = await memos.create("하나 #둘");
  await settle();
  for (const store of [memos, other]) {
    const { text, tags, status, serverId } = store.get(id);
    assert.deepEqual([text, tags, status, serverId], ["하나 #둘", ["둘"], "local", null]);
  }
  assert.equal(changes, 1);
  assert.equal(memos.unsaved, 1);
});

test("a memo is found by the name that the server gave it, and stays the same object as long as it is the same", async () => {
  await put(told("7", "seven"));
  assert.equal(memos.get("7").text, "seven");
  assert.equal(memos.get("7"), memos.get("7"));
  assert.equal(memos.get("8"), null);
  assert.equal(memos.unsaved, 0);
});

test("a deed is done here first, and counted as not on the server", async () => {
  await put(told("1", "one"));
  await memos.set("1", { pinned: true });
  assert.deepEqual([memos.get("1").pinned, memos.get("1").status, memos.unsaved], [true, "local", 1]);
  await memos.set("1", { pinned: false });
  assert.deepEqual([memos.get("1").status, memos.unsaved], ["saved", 0], "what was taken back is as it was");
});

test("two tabs that write in one memo both keep what they wrote", async () => {
  await put(told("1", "a\nb\nc"));
  await memos.save("1", "A\nb\nc", "a\nb\nc");
  await other.save("1", "a\nb\nC", "a\nb\nc");
  await settle();
  assert.equal(memos.get("1").text, "A\nb\nC");
});

test("two tabs that write the same words in two ways are asked", async () => {
  await put(told("1", "milk"));
  await memos.save("1", "milk and bread", "milk");
  await other.save("1", "milk and eggs", "milk");
  const { status, conflict, text } = other.get("1");
  assert.deepEqual([status, text, conflict.theirs], ["conflict", "milk and eggs", "milk and bread"]);
  const undo = await other.resolve("1", { text: "milk, bread and eggs" });
  assert.deepEqual([other.get("1").conflict, other.get("1").text], [null, "milk, bread and eggs"]);
  await undo();
  assert.equal(other.get("1").text, "milk and eggs");
});

test("many are changed together, and what they were is told", async () => {
  await put(told("1", "one"), told("2", "two"), told("3", "three"));
  const before = await memos.change(["1", "2", "9"], (memo) => (memo.text === "two" ? null : { archived: true }));
  assert.deepEqual([...before.keys()], ["1"]);
  assert.deepEqual([before.get("1").archived, memos.get("1").archived, memos.get("2").archived], [false, true, false]);
});

test("what is to go for good is not shown any more, and what never was on the server is not there", async () => {
  await put(told("1", "one", { trashed_at: "2026-01-02T00:00:00.000Z" }));
  const id = await memos.create("mine");
  await memos.change(["1", id], () => ({ gone: true }));
  assert.deepEqual([memos.get("1"), memos.get(id), [...memos.all()]], [null, null, []]);
  assert.equal(memos.unsaved, 1, "the server still has the first");
});

test("where there is no room nothing changes, and it is told", async () => {
  await put(told("1", "one"));
  database.update = async () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  await assert.rejects(memos.save("1", "two", "one"), { name: "QuotaExceededError" });
  assert.equal(memos.get("1").text, "one");
});

test("who signs out leaves nothing in any tab", async () => {
  await put(told("1", "one"));
  let cleared = 0;
  other.addEventListener("clear", () => (cleared += 1));
  await locals[0].clear();
  await settle();
  assert.deepEqual([[...memos.all()], [...other.all()], cleared], [[], [], 1]);
  assert.deepEqual((await database.load()).records, []);
});

test("somebody else's memos take the place of those that were there", async () => {
  await put(told("1", "one"));
  const [tab] = channels(1);
  memos.local = new LocalMemos(memoryDatabase(), tab);
  assert.equal(memos.get("1"), null);
  await locals[0].update([], () => ({ put: [learned(told("2", "two"), 1)] }));
  assert.equal(memos.get("2"), null, "nor does it hear of the others");
});

test("what is written while all is being read is there as well", async () => {
  await put(told("1", "one"));
  const load = database.load;
  let go;
  database.load = async () => {
    const all = await load();
    await new Promise((resolve) => (go = resolve));
    return all;
  };
  const loading = locals[0].load();
  await settle();
  const id = await memos.create("two");
  go();
  await loading;
  assert.deepEqual([memos.get("1").text, memos.get(id).text, memos.isLoaded], ["one", "two", true]);
});
