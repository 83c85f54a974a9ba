// Edits that the site kept before the memos were on the device.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Drafts } from "../public/js/data/drafts.js";
import { memoryDatabase } from "../public/js/data/local/database.js";
import { LocalMemos } from "../public/js/data/local/local-memos.js";
import { MemoStore } from "../public/js/data/memos.js";
import { takeUpOlderEdits } from "../public/js/data/older-edits.js";
import { learned } from "../public/js/data/sync/record.js";
import { local } from "../public/js/lib/storage.js";
import { channels } from "./channels.js";
import { MemoryStorage } from "./memory-storage.js";

let device, memos, drafts, present, former;

beforeEach(async () => {
  globalThis.localStorage = new MemoryStorage();
  device = new LocalMemos(memoryDatabase(), channels(1)[0]);
  memos = Object.assign(new MemoStore(), { local: device });
  const tabStorage = { get: () => null, set: () => {}, keys: () => [] };
  drafts = new Drafts({ storage: local, tabStorage, owner: () => "ann", tabs: channels(1)[0] });
  former = [];
});

/** The server has this memo. */
const learn = (text, version) => {
  const at = "2026-11-01T00:00:00.000Z";
  present = { id: "7", text, tags: [], pinned: false, archived: false, created_at: at, updated_at: at, trashed_at: null, version };
  return device.update([], () => ({ put: [learned(present, 1)] }));
};

const keep = (text, version, name = "7") =>
  local.set(`draft/ann/${name}/tab1`, JSON.stringify({ text, version, format: 1, at: 0 }));

const service = { read: async () => present, versions: async () => ({ items: former }) };
const takeUp = () => takeUpOlderEdits(memos, drafts, service);
const texts = () => [...memos.all()].map(({ text }) => text);

test("an edit of the memo as it is becomes its text, once", async () => {
  await learn("a\nb", 2);
  former = [{ version: 1, text: "a" }];
  keep("a\nb, edited", 2);
  await takeUp();
  assert.deepEqual(texts(), ["a\nb, edited"]);
  assert.deepEqual(local.keys("draft/"), []);
  await takeUp();
  assert.deepEqual(texts(), ["a\nb, edited"]);
});

test("an edit of a former version comes together with what has come since", async () => {
  await learn("a\nb\nC", 2);
  former = [{ version: 1, text: "a\nb\nc" }];
  keep("A\nb\nc", 1);
  await takeUp();
  assert.deepEqual(texts(), ["A\nb\nC"]);
});

test("of a version that is not kept, as one that was saved a moment before another, there are two texts to choose from", async () => {
  await learn("theirs", 30);
  former = [];
  keep("mine", 2);
  await takeUp();
  const [memo] = memos.all();
  assert.deepEqual([memo.text, memo.conflict.theirs], ["mine", "theirs"]);
});

test("where the memo is gone, the text is a new one", async () => {
  keep("still here", 1);
  await takeUp();
  assert.deepEqual(texts(), ["still here"]);
});

test("what is there already, or nothing, changes nothing", async () => {
  await learn("same", 2);
  keep("same", 1);
  await takeUp();
  keep(" ", 1);
  await takeUp();
  assert.deepEqual([texts(), memos.unsaved, local.keys("draft/")], [["same"], 0, []]);
});

test("what is in the pad, and what a page said last, is left alone", async () => {
  keep("in the pad", undefined, "new");
  keep("last words", undefined, "edit/7");
  await takeUp();
  assert.deepEqual([texts(), local.keys("draft/").length], [[], 2]);
});

test("what fails stays", async () => {
  await learn("a", 2);
  keep("b", 1);
  await assert.rejects(takeUpOlderEdits(memos, drafts, { ...service, read: () => Promise.reject(new Error("offline")) }));
  assert.equal(local.keys("draft/").length, 1);
});
