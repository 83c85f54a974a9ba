// What was being written when the page went away.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Autosave } from "../public/js/data/autosave.js";
import { Drafts } from "../public/js/data/drafts.js";
import { forgetLastWords, keepLastWords, takeUpLastWords } from "../public/js/data/last-words.js";
import { memoryDatabase } from "../public/js/data/local/database.js";
import { LocalMemos } from "../public/js/data/local/local-memos.js";
import { MemoStore } from "../public/js/data/memos.js";
import { local } from "../public/js/lib/storage.js";
import { channels } from "./channels.js";
import { MemoryStorage } from "./memory-storage.js";

let database, device, tab, memos, drafts, id, autosave;

beforeEach(async () => {
  database = memoryDatabase();
  globalThis.localStorage = new MemoryStorage();
  const items = new Map();
  tab = { get: (key) => items.get(key) ?? null, set: (key, value) => void items.set(key, value), keys: () => [] };
  open();
  id = await memos.create("a\nb\nc");
  autosave = new Autosave(memos.get(id), { memos, pause: 60_000 });
  memos.writers.add(autosave);
});

/** A page, as after a reload. */
function open() {
  device = new LocalMemos(database, channels(1)[0]);
  memos = Object.assign(new MemoStore(), { local: device });
  drafts = new Drafts({ storage: local, tabStorage: tab, owner: () => "ann", tabs: channels(1)[0] });
}

/** The page goes away, before anything else can happen, and comes anew. */
async function reload() {
  const { update } = database;
  database.update = () => new Promise(() => {});
  keepLastWords(memos, drafts);
  autosave.stop();
  database.update = update;
  open();
  await device.load();
  await takeUpLastWords(memos, drafts);
}

const texts = () => [...memos.all()].map(({ text }) => text);

test("what was not kept yet is there after a reload, once", async () => {
  autosave.write("a\nb\nc, and d");
  await reload();
  assert.deepEqual(texts(), ["a\nb\nc, and d"]);
  assert.deepEqual([...local.keys("draft/")], []);
  await memos.save(id, "later", "a\nb\nc, and d");
  await takeUpLastWords(memos, drafts);
  assert.deepEqual(texts(), ["later"]);
});

test("what has come from elsewhere meanwhile stays", async () => {
  autosave.write("A\nb\nc");
  await memos.save(id, "a\nb\nC", "a\nb\nc");
  await reload();
  assert.deepEqual(texts(), ["A\nb\nC"]);
});

test("what was kept all the same changes nothing", async () => {
  autosave.write("new");
  keepLastWords(memos, drafts);
  await autosave.flush();
  autosave.stop();
  await reload();
  assert.deepEqual(texts(), ["new"]);
});

test("where the memo is gone, the text is a new one", async () => {
  autosave.write("still here");
  await memos.set(id, { gone: true });
  await reload();
  assert.deepEqual(texts(), ["still here"]);
});

test("a page that comes back has it, and what it writes from then on is not undone by a reload", async () => {
  autosave.write("slept");
  keepLastWords(memos, drafts);
  await forgetLastWords(memos, drafts);
  autosave.write("awake");
  await autosave.flush();
  await reload();
  assert.deepEqual(texts(), ["awake"]);
});
