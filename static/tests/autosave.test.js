// Keeping a memo while it is being written.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Autosave } from "../public/js/data/autosave.js";
import { memoryDatabase } from "../public/js/data/local/database.js";
import { LocalMemos } from "../public/js/data/local/local-memos.js";
import { MemoStore } from "../public/js/data/memos.js";
import { channels } from "./channels.js";

let database, memos, id, autosave, taken;

beforeEach(async () => {
  database = memoryDatabase();
  memos = Object.assign(new MemoStore(), { local: new LocalMemos(database, channels(1)[0]) });
  id = await memos.create("a\nb\nc");
  autosave = new Autosave(memos.get(id), { memos, pause: 0 });
  taken = [];
  autosave.addEventListener("text", () => taken.push(autosave.text));
});

const text = () => memos.get(id)?.text;
const happens = (event) => new Promise((resolve) => autosave.addEventListener(event, resolve, { once: true }));

test("what is written is kept after a pause", async () => {
  const kept = happens("kept");
  autosave.write("a\nb\nc!");
  assert(!autosave.isKept);
  await kept;
  assert.equal(text(), "a\nb\nc!");
  assert(autosave.isKept);
});

test("all of it can be kept at once, also what is written meanwhile", async () => {
  autosave.write("1");
  const kept = happens("kept").then(() => autosave.write("12"));
  assert.equal(await autosave.flush(), true);
  await kept;
  assert.equal(text(), "1");
  assert.equal(await autosave.flush(), true);
  assert.equal(text(), "12");
});

test("what comes from elsewhere is taken up when nothing is being written", async () => {
  await memos.save(id, "a\nb\nC", "a\nb\nc");
  await autosave.takeUp();
  assert.deepEqual(taken, ["a\nb\nC"]);
  autosave.write("A\nb\nC");
  await autosave.flush();
  assert.equal(text(), "A\nb\nC");
});

test("what comes from elsewhere and what is being written come together", async () => {
  autosave.write("A\nb\nc");
  await memos.save(id, "a\nb\nC", "a\nb\nc");
  await autosave.takeUp();
  assert.equal(text(), "A\nb\nC");
  assert.deepEqual(taken, ["A\nb\nC"]);
});

test("what is being kept is not taken for somebody else's, also when its author goes back meanwhile", async () => {
  memos.addEventListener("change", () => autosave.takeUp()); // As the editor does.
  const { update } = database;
  database.update = (...change) => {
    database.update = update;
    autosave.write("a\nb\nc");
    return update(...change);
  };
  autosave.write("never mind");
  await autosave.flush();
  assert.equal(await autosave.flush(), true);
  assert.deepEqual([text(), taken], ["a\nb\nc", []]);
});

test("nothing is taken up while somebody composes, also when they began meanwhile", async () => {
  let isComposing = false;
  autosave = new Autosave(memos.get(id), { memos, isComposing: () => isComposing, pause: 0 });
  autosave.write("A\nb\nc");
  await memos.save(id, "a\nb\nC", "a\nb\nc");
  const taking = autosave.takeUp();
  isComposing = true;
  await taking;
  assert.equal(autosave.text, "A\nb\nc");
  isComposing = false;
  await autosave.takeUp();
  assert.equal(autosave.text, "A\nb\nC");
});

test("what was not taken up yet is not undone by what is written next", async () => {
  autosave.write("A\nb\nc");
  await autosave.flush();
  await memos.save(id, "A\nb\nC", "A\nb\nc");
  autosave.write("AA\nb\nc");
  await autosave.flush();
  assert.equal(text(), "AA\nb\nC");
});

test("what can't be kept is said to be not kept, and is kept as soon as it can be", async () => {
  const update = database.update;
  database.update = async () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  const failed = happens("failed");
  autosave.write("x");
  assert.equal(await autosave.flush(), false);
  await failed;
  assert.equal(autosave.failure.name, "QuotaExceededError");
  database.update = update;
  assert.equal(await autosave.flush(), true);
  assert.deepEqual([text(), autosave.failure], ["x", null]);
});

test("a text whose memo was deleted for good elsewhere becomes a new memo", async () => {
  await memos.set(id, { gone: true });
  autosave.write("still here");
  assert.equal(await autosave.flush(), true);
  assert.deepEqual([...memos.all()].map((memo) => memo.text), ["still here"]);
  autosave.write("still here!");
  await autosave.flush();
  assert.deepEqual([...memos.all()].map((memo) => memo.text), ["still here!"], "the same one");
});

test("after the end nothing is kept", async () => {
  autosave.stop();
  autosave.write("x");
  assert.equal(await autosave.flush(), true);
  assert.equal(text(), "a\nb\nc");
});
