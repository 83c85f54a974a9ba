// The store of memos, with answers that come when the test says so.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { MemoStore } from "../public/js/data/memos.js";
import { Problem, SignedOut, Unreachable } from "../public/js/lib/api.js";

const memo = (id, version = 1) => ({
  id: String(id), version, text: `memo ${id}, version ${version}`, tags: [], pinned: false, archived: false,
  created_at: "", updated_at: "", trashed_at: null,
});
const page = (ids, next = null) => ({ items: ids.map((id) => (typeof id === "object" ? id : memo(id))), next_cursor: next });
/** A full page's ids, the newest first. */
const down = (from) => Array.from({ length: 20 }, (_, index) => from - index);
const told = (ids) => ids.map(String);
const problem = (status, slug) => new Problem(status, { type: `/problems#${slug}` });

/** A service whose every call waits until the test answers it. */
class Service {
  calls = [];
  #ask(name, args) {
    return new Promise((resolve, reject) => this.calls.push({ name, args, resolve, reject }));
  }
  list = (...args) => this.#ask("list", args);
  create = (...args) => this.#ask("create", args);
  read = (...args) => this.#ask("read", args);
  change = (...args) => this.#ask("change", args);
  delete = (...args) => this.#ask("delete", args);
}

let service, memos, list, changes;

beforeEach(() => {
  service = new Service();
  memos = new MemoStore(service);
  list = memos.view({ state: "active", tag: "", q: "" });
  changes = 0;
  memos.addEventListener("change", () => (changes += 1));
});

/** Answers the oldest call that is open, and lets the store hear of it. */
async function answer(name, value) {
  const call = service.calls.shift();
  assert.equal(call?.name, name);
  if (value instanceof Error) call.reject(value);
  else call.resolve(value);
  await new Promise((resume) => setImmediate(resume));
  return call.args;
}

async function open(...args) {
  list.loadMore();
  await answer("list", page(...args));
}

test("pages come one after the other", async () => {
  await open(down(50), "31");
  assert.deepEqual(list.ids, told(down(50)));
  assert(list.hasMore && list.isOpen && !list.isLoading);
  list.loadMore();
  list.loadMore();
  assert(list.isLoading);
  assert.equal((await answer("list", page([31, 30])))[1], "31");
  assert.deepEqual(list.ids, told([...down(50), 30]));
  assert(!list.hasMore);
  list.loadMore();
  assert.equal(service.calls.length, 0, "one load at a time, and none past the end");
});

test("a page that fails can be asked for again", async () => {
  list.loadMore();
  await answer("list", new Unreachable());
  assert(list.failure instanceof Unreachable);
  assert(!list.isOpen);
  await open([1]);
  assert.equal(list.failure, null);
  assert.deepEqual(list.ids, ["1"]);
});

test("who has signed out is told nothing", async () => {
  list.loadMore();
  await answer("list", new SignedOut());
  assert.equal(list.failure, null);
});

test("nothing that was under way comes into the store of somebody else", async () => {
  list.loadMore();
  const refreshing = service.calls.length;
  memos.clear();
  await answer("list", page([1, 2]));
  assert.equal(refreshing, 1);
  assert.deepEqual(list.ids, []);
  assert(!list.isOpen);
});

test("a refresh that was under way is of no use to somebody else", async () => {
  await open([2, 1]);
  list.refresh();
  memos.clear();
  await answer("list", page([2, 1]));
  assert.deepEqual(list.ids, []);
});

test("a new memo is on top, once", async () => {
  await open([2, 1]);
  const created = memos.create("hello", "attempt");
  assert.deepEqual(await answer("create", memo(3)), ["hello", "attempt"]);
  assert.equal((await created).id, "3");
  memos.create("hello", "attempt");
  await answer("create", memo(3));
  assert.deepEqual(list.ids, ["3", "2", "1"]);
});

test("a change is kept, and an older answer does not undo it", async () => {
  await open(down(50), "31");
  list.loadMore();
  memos.save(memo(50), "new");
  const [older] = service.calls.splice(0, 1);
  await answer("change", memo(50, 2));
  assert.equal(memos.get("50").version, 2);
  older.resolve(page([memo(50, 1)]));
  await new Promise((resume) => setImmediate(resume));
  assert.equal(memos.get("50").version, 2);
});

test("the memo stays the same object as long as it is the same version", async () => {
  await open([1]);
  const before = memos.get("1");
  list.refresh();
  await answer("list", page([1]));
  assert.equal(memos.get("1"), before);
});

test("a memo that is not in the stream can be read, and is not put there", async () => {
  await open(down(50), "31");
  memos.read("1");
  assert.deepEqual(await answer("read", memo(1)), ["1"]);
  assert.equal(memos.get("1").id, "1");
  assert.deepEqual(list.ids, told(down(50)));
});

test("a memo that is found to be gone is forgotten, and its error told", async () => {
  await open([2, 1]);
  for (const [act, name] of [[() => memos.read("2"), "read"], [() => memos.save(memo(1), "x"), "change"]]) {
    const gone = assert.rejects(act(), { slug: "not-found" });
    await answer(name, problem(404, "not-found"));
    await gone;
  }
  assert.deepEqual(list.ids, []);
  assert.equal(memos.get("1"), null);
});

test("a change of an old version fails and leaves what is known", async () => {
  await open([1]);
  const stale = assert.rejects(memos.save(memo(1), "x"), { slug: "stale-version" });
  await answer("change", problem(412, "stale-version"));
  await stale;
  assert.equal(memos.get("1").version, 1);
});

test("a deleted memo is gone, also where somebody was quicker", async () => {
  await open([2, 1]);
  for (const reply of [null, problem(404, "not-found")]) {
    const [id] = list.ids;
    const deleted = memos.delete(memos.get(id));
    await answer("delete", reply);
    await deleted;
    assert.equal(memos.get(id), null);
  }
  assert.deepEqual(list.ids, []);
});

test("a page that was under way does not bring a deleted memo back", async () => {
  await open(down(50), "31");
  list.loadMore();
  memos.delete(memo(31));
  const [older] = service.calls.splice(0, 1);
  await answer("delete", null);
  older.resolve(page([31, 30]));
  await new Promise((resume) => setImmediate(resume));
  assert.deepEqual(list.ids, told([...down(50).filter((id) => id !== 31), 30]));
});

test("a refusal to delete is told", async () => {
  await open([1]);
  const refused = assert.rejects(memos.delete(memo(1)), { slug: "stale-version" });
  await answer("delete", problem(412, "stale-version"));
  await refused;
  assert.deepEqual(list.ids, ["1"]);
});

test("a refresh takes over what is new, changed and gone elsewhere", async () => {
  await open([5, 4, 3, 2, 1]);
  list.refresh();
  await answer("list", page([6, memo(5, 2), 3], "3"));
  assert.deepEqual(list.ids, ["6", "5", "3", "2", "1"]);
  assert.equal(memos.get("5").version, 2);
  assert.equal(memos.get("4"), null);
  assert(!list.hasMore, "the end of the list was known and still is");
});

test("a refresh whose page is empty and not the end tells nothing", async () => {
  await open([2, 1]);
  list.refresh();
  await answer("list", page([], "9"));
  assert.deepEqual(list.ids, ["2", "1"]);
});

test("a refresh to which all is new begins the list anew", async () => {
  await open([3, 2]);
  list.refresh();
  await answer("list", page([9, 8], "8"));
  assert.deepEqual(list.ids, ["9", "8"], "what lies between is not known");
  list.loadMore();
  assert.equal((await answer("list", page([7, 3])))[1], "8");
  assert.deepEqual(list.ids, ["9", "8", "7", "3", "2"]);
});

test("a refresh of a list that is short tells of all deletions", async () => {
  await open([2, 1]);
  list.refresh();
  await answer("list", page([]));
  assert.deepEqual(list.ids, []);
});

test("a refresh that is older than a change of this tab is dropped", async () => {
  await open([1]);
  list.refresh();
  memos.create("x", "a");
  const [older] = service.calls.splice(0, 1);
  await answer("create", memo(2));
  older.resolve(page([1]));
  await new Promise((resume) => setImmediate(resume));
  assert.deepEqual(list.ids, ["2", "1"]);
});

test("a refresh that fails is nobody's business", async () => {
  await open([1]);
  changes = 0;
  const refreshed = list.refresh();
  await answer("list", new Unreachable());
  await refreshed;
  assert.equal(changes, 0);
  assert.equal(list.failure, null);
});

test("views hear of every change, and of a clearing first", async () => {
  const heard = [];
  memos.addEventListener("clear", () => heard.push("clear"));
  memos.addEventListener("change", () => heard.push("change"));
  memos.clear();
  assert.deepEqual(heard, ["clear", "change"]);
  for (const act of [() => open([1]), () => Promise.all([memos.create("x", "a"), answer("create", memo(2))])]) {
    heard.length = 0;
    await act();
    assert(heard.includes("change"));
  }
});
