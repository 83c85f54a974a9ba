// Drafts: what is being written and not saved yet.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Drafts } from "../public/js/data/drafts.js";
import { local } from "../public/js/lib/storage.js";
import { MemoryStorage } from "./memory-storage.js";

/** What the tabs of one browser share. */
let who, alive;

beforeEach(() => {
  mock.timers.reset();
  globalThis.localStorage = new MemoryStorage();
  who = { id: "ann" };
  alive = [];
});

/** A storage of one tab, which a reload keeps. */
const tabStorage = () => {
  const items = new Map();
  return {
    items,
    get: (key) => items.get(key) ?? null,
    set: (key, value) => void items.set(key, value),
    remove: (key) => void items.delete(key),
    keys: (prefix) => [...items.keys()].filter((key) => key.startsWith(prefix)),
  };
};

/** A tab of the browser; those that are alive hear of each other. */
function open(storage = tabStorage()) {
  const channel = new EventTarget();
  channel.postMessage = (data) => {
    for (const other of [...alive]) if (other !== channel) other.dispatchEvent(Object.assign(new Event("message"), { data }));
  };
  alive.push(channel);
  const drafts = new Drafts({ storage: local, tabStorage: storage, owner: () => who.id, tabs: channel });
  const close = () => (alive = alive.filter((other) => other !== channel));
  return { drafts, storage, close };
}

test("a draft is there until it is deleted", () => {
  const { drafts } = open();
  assert.equal(drafts.get("new"), null);
  assert(drafts.set("new", { text: "한글" }));
  assert.equal(drafts.get("new").text, "한글");
  drafts.delete("new");
  assert.equal(drafts.get("new"), null);
});

test("a draft is its author's", () => {
  const { drafts } = open();
  drafts.set("new", { text: "secret" });
  who.id = "bob";
  assert.equal(drafts.get("new"), null);
  who.id = "ann";
  assert.equal(drafts.get("new")?.text, "secret");
});

test("after a sign-out all of one's drafts are gone, those of other tabs too, and nobody else's", () => {
  const [one, other] = [open(), open()];
  one.drafts.set("new", { text: "a" });
  other.drafts.set("7", { text: "b" });
  who.id = "ann2";
  one.drafts.set("new", { text: "c" });
  one.drafts.deleteAll("ann");
  assert.equal(one.drafts.get("new")?.text, "c");
  who.id = "ann";
  assert.deepEqual([one.drafts.get("new"), other.drafts.get("7"), one.drafts.countEverywhere()], [null, null, 0]);
});

test("two tabs do not overwrite each other, and do not take what the other one is writing", () => {
  const [one, other] = [open(), open()];
  one.drafts.set("7", { text: "one" });
  assert.equal(other.drafts.get("7"), null);
  other.drafts.set("7", { text: "other" });
  assert.equal(one.drafts.get("7")?.text, "one");
  assert.equal(other.drafts.get("7")?.text, "other");
  assert.equal(one.drafts.countEverywhere(), 2);
  other.drafts.delete("7");
  assert.equal(one.drafts.get("7")?.text, "one");
});

test("a reload goes on with the tab's own", () => {
  const one = open();
  open().drafts.set("new", { text: "other" });
  one.drafts.set("new", { text: "one" });
  one.close();
  assert.equal(open(one.storage).drafts.get("new")?.text, "one");
});

test("what a closed or crashed tab left is taken over, once", () => {
  const crashed = open();
  crashed.drafts.set("new", { text: "left" });
  crashed.close();
  const [next, third] = [open(), open()];
  assert.equal(next.drafts.get("new")?.text, "left");
  assert.equal(third.drafts.get("new"), null);
  next.drafts.set("new", { text: "left and more" });
  assert.equal(next.drafts.countEverywhere(), 1);
});

test("where several tabs left one, the newest comes first, and the other waits", () => {
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  for (const text of ["older", "newer"]) {
    const tab = open();
    tab.drafts.set("7", { text });
    tab.close();
    mock.timers.setTime(2_000_000);
  }
  const next = open();
  assert.equal(next.drafts.get("7")?.text, "newer");
  next.drafts.delete("7");
  assert.equal(next.drafts.get("7")?.text, "older");
});

test("a copy of a tab does not write under the tab's name", () => {
  const original = open();
  original.drafts.set("new", { text: "original" });
  const copied = tabStorage();
  for (const [key, value] of original.storage.items) copied.set(key, value);
  const copy = open(copied);
  copy.drafts.set("new", { text: "copy" });
  assert.equal(original.drafts.get("new")?.text, "original");
  assert.equal(copy.drafts.get("new")?.text, "copy");
  original.drafts.delete("new");
  assert.equal(original.drafts.get("new"), null, "the copy is there, under its name");
});

test("there is a bound to what is left behind: the oldest go, and what is too old", () => {
  mock.timers.enable({ apis: ["Date"], now: 0 });
  const { drafts, close } = open();
  drafts.set("mine", { text: "mine" });
  for (let index = 1; index <= 30; index += 1) {
    mock.timers.setTime(index * 1000);
    const tab = open();
    tab.drafts.set("new", { text: String(index) });
    tab.close();
  }
  assert.equal(drafts.countEverywhere(), 21);
  assert.equal(drafts.get("mine")?.text, "mine", "what a tab that is there writes stays");
  close();
  mock.timers.setTime(91 * 24 * 60 * 60 * 1000);
  const next = open().drafts;
  next.set("7", { text: "later" });
  assert.equal(next.countEverywhere(), 1);
});

test("a draft that cannot be kept is told", () => {
  const { drafts } = open();
  localStorage.limit = 100;
  assert.equal(drafts.set("new", { text: "x".repeat(200) }), false);
  assert.equal(drafts.set("new", { text: "x" }), true);
  assert.equal(drafts.set("new", { text: "y".repeat(200) }), false, "the older one is no longer what was written");
});

test("where there is no storage, there are no drafts and no errors", () => {
  const { drafts } = open();
  delete globalThis.localStorage;
  assert.equal(drafts.set("new", { text: "a" }), false);
  assert.equal(drafts.get("new"), null);
  drafts.delete("new");
  drafts.deleteAll("ann");
});

test("what is not understood is left alone", () => {
  const { drafts } = open();
  for (const stored of ["{", "null", '"x"', '{"format":2,"text":"x"}', '{"format":1}']) {
    localStorage.setItem("draft/ann/new/gone", stored);
    assert.equal(drafts.get("new"), null);
    assert.equal(localStorage.getItem("draft/ann/new/gone"), stored);
  }
});

test("what version 0.1.0 has kept with the tab is taken over", () => {
  const storage = tabStorage();
  storage.set("draft/ann/new", JSON.stringify({ text: "in the pad" }));
  storage.set("draft/ann/7", JSON.stringify({ text: "in memo 7", version: 3 }));
  const { drafts } = open(storage);
  assert.equal(drafts.get("new").text, "in the pad");
  assert.deepEqual(drafts.olderEdits().map(({ id, text, version }) => [id, text, version]), [["7", "in memo 7", 3]]);
  assert.deepEqual(storage.keys("draft/"), []);
});
