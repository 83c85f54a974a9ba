// Drafts: what is being written and not saved yet.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts } from "../public/js/data/drafts.js";
import { tab } from "../public/js/lib/storage.js";
import { channels } from "./channels.js";

/** A storage in memory, as a tab has one. */
class MemoryStorage {
  #items = new Map();
  get length() {
    return this.#items.size;
  }
  key = (index) => [...this.#items.keys()][index] ?? null;
  getItem = (key) => this.#items.get(key) ?? null;
  setItem = (key, value) => void this.#items.set(key, value);
  removeItem = (key) => void this.#items.delete(key);
}

function draftsOf(owner) {
  globalThis.sessionStorage = new MemoryStorage();
  const who = { id: owner };
  return { who, drafts: new Drafts(tab, () => who.id, channels(1)[0]) };
}

test("a draft is there until it is deleted", () => {
  const { drafts } = draftsOf("ann");
  assert.equal(drafts.get("new"), null);
  drafts.set("new", { text: "한글", version: 3 });
  assert.deepEqual(drafts.get("new"), { text: "한글", version: 3 });
  drafts.delete("new");
  assert.equal(drafts.get("new"), null);
});

test("a draft is its author's", () => {
  const { who, drafts } = draftsOf("ann");
  drafts.set("new", { text: "secret" });
  who.id = "bob";
  assert.equal(drafts.get("new"), null);
  who.id = "ann";
  assert.equal(drafts.get("new")?.text, "secret");
});

test("after a sign-out all of one's drafts are gone, and nobody else's", () => {
  const { who, drafts } = draftsOf("ann");
  drafts.set("new", { text: "a" });
  drafts.set("7", { text: "b" });
  who.id = "ann2";
  drafts.set("new", { text: "c" });
  drafts.deleteAll("ann");
  assert.equal(drafts.get("new")?.text, "c");
  who.id = "ann";
  assert.deepEqual([drafts.get("new"), drafts.get("7")], [null, null]);
});

test("the drafts of all tabs are counted", async () => {
  const storages = [new MemoryStorage(), new MemoryStorage(), new MemoryStorage()];
  const safe = (storage) => ({
    get: storage.getItem,
    set: storage.setItem,
    remove: storage.removeItem,
    keys: (prefix) => Array.from({ length: storage.length }, (_, i) => storage.key(i)).filter((key) => key.startsWith(prefix)),
  });
  const tabs = channels(3);
  const all = storages.map((storage, index) => new Drafts(safe(storage), () => "ann", tabs[index]));
  assert.equal(await all[0].countEverywhere(), 0);
  all[0].set("new", { text: "a" });
  all[2].set("new", { text: "b" });
  all[2].set("7", { text: "c" });
  assert.equal(await all[0].countEverywhere(), 3);
});

test("where there is no storage, there are no drafts and no errors", () => {
  const { drafts } = draftsOf("ann");
  delete globalThis.sessionStorage;
  drafts.set("new", { text: "a" });
  assert.equal(drafts.get("new"), null);
  drafts.delete("new");
  drafts.deleteAll("ann");
});
