// The store of memos.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { MemoStore } from "../public/js/data/memos.js";
import { Problem, SignedOut, Unreachable } from "../public/js/lib/api.js";

const memo = (id, version = 1) => ({ id: String(id), version, text: `memo ${id}, version ${version}`, created_at: "", updated_at: "" });
const page = (ids, next = null) => ({ items: ids.map((id) => (typeof id === "object" ? id : memo(id))), next_cursor: next });
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
  update = (...args) => this.#ask("update", args);
  delete = (...args) => this.#ask("delete", args);
}

let service, memos, changes;

beforeEach(() => {
  service = new Service();
  memos = new MemoStore(service);
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
  memos.loadMore();
  await answer("list", page(...args));
}

test("pages come one after the other", async () => {
  await open([5, 4], "4");
  assert.deepEqual(memos.stream, ["5", "4"]);
  assert(memos.hasMore && memos.isOpen && !memos.isLoading);
  memos.loadMore();
  memos.loadMore();
  assert(memos.isLoading);
  assert.deepEqual(await answer("list", page([4, 3])), ["4"]);
  assert.deepEqual(memos.stream, ["5", "4", "3"]);
  assert(!memos.hasMore);
  memos.loadMore();
  assert.equal(service.calls.length, 0, "one load at a time, and none past the end");
});

test("a page that fails can be asked for again", async () => {
  memos.loadMore();
  await answer("list", new Unreachable());
  assert(memos.failure instanceof Unreachable);
  assert(!memos.isOpen);
  await open([1]);
  assert.equal(memos.failure, null);
  assert.deepEqual(memos.stream, ["1"]);
});

test("who has signed out is told nothing", async () => {
  memos.loadMore();
  await answer("list", new SignedOut());
  assert.equal(memos.failure, null);
});

test("nothing that was under way comes into the store of somebody else", async () => {
  memos.loadMore();
  const refreshing = service.calls.length;
  memos.clear();
  await answer("list", page([1, 2]));
  assert.equal(refreshing, 1);
  assert.deepEqual(memos.stream, []);
  assert(!memos.isOpen);
});

test("a refresh that was under way is of no use to somebody else", async () => {
  await open([2, 1]);
  memos.refresh();
  memos.clear();
  await answer("list", page([2, 1]));
  assert.deepEqual(memos.stream, []);
});

test("a new memo is on top, once", async () => {
  await open([2, 1]);
  const created = memos.create("hello", "attempt");
  assert.deepEqual(await answer("create", memo(3)), ["hello", "attempt"]);
  assert.equal((await created).id, "3");
  memos.create("hello", "attempt");
  await answer("create", memo(3));
  assert.deepEqual(memos.stream, ["3", "2", "1"]);
});

test("a change is kept, and an older answer does not undo it", async () => {
  await open([1], "1");
  memos.loadMore();
  memos.save(memo(1), "new");
  const [list] = service.calls.splice(0, 1);
  await answer("update", memo(1, 2));
  assert.equal(memos.get("1").version, 2);
  list.resolve(page([memo(1, 1)]));
  await new Promise((resume) => setImmediate(resume));
  assert.equal(memos.get("1").version, 2);
});

test("the memo stays the same object as long as it is the same version", async () => {
  await open([1]);
  const before = memos.get("1");
  memos.refresh();
  await answer("list", page([1]));
  assert.equal(memos.get("1"), before);
});

test("a memo that is not in the stream can be read, and is not put there", async () => {
  await open([9]);
  memos.read("1");
  assert.deepEqual(await answer("read", memo(1)), ["1"]);
  assert.equal(memos.get("1").id, "1");
  assert.deepEqual(memos.stream, ["9"]);
});

test("a memo that is found to be gone is forgotten, and its error told", async () => {
  await open([2, 1]);
  for (const [act, name] of [[() => memos.read("2"), "read"], [() => memos.save(memo(1), "x"), "update"]]) {
    const gone = assert.rejects(act(), { slug: "not-found" });
    await answer(name, problem(404, "not-found"));
    await gone;
  }
  assert.deepEqual(memos.stream, []);
  assert.equal(memos.get("1"), null);
});

test("a change of an old version fails and leaves what is known", async () => {
  await open([1]);
  const stale = assert.rejects(memos.save(memo(1), "x"), { slug: "stale-version" });
  await answer("update", problem(412, "stale-version"));
  await stale;
  assert.equal(memos.get("1").version, 1);
});

test("a deleted memo is gone, also where somebody was quicker", async () => {
  await open([2, 1]);
  for (const reply of [null, problem(404, "not-found")]) {
    const id = memos.stream[0];
    const deleted = memos.delete(memos.get(id));
    await answer("delete", reply);
    await deleted;
    assert.equal(memos.get(id), null);
  }
  assert.deepEqual(memos.stream, []);
});

test("a page that was under way does not bring a deleted memo back", async () => {
  await open([2, 1], "1");
  memos.loadMore();
  memos.delete(memo(1));
  const [list] = service.calls.splice(0, 1);
  await answer("delete", null);
  list.resolve(page([1, 0]));
  await new Promise((resume) => setImmediate(resume));
  assert.deepEqual(memos.stream, ["2", "0"]);
});

test("a refusal to delete is told", async () => {
  await open([1]);
  const refused = assert.rejects(memos.delete(memo(1)), { slug: "stale-version" });
  await answer("delete", problem(412, "stale-version"));
  await refused;
  assert.deepEqual(memos.stream, ["1"]);
});

test("a refresh takes over what is new, changed and deleted elsewhere", async () => {
  await open([5, 4, 3], "3");
  memos.loadMore();
  await answer("list", page([2, 1]));
  memos.refresh();
  await answer("list", page([6, memo(5, 2), 3], "3"));
  assert.deepEqual(memos.stream, ["6", "5", "3", "2", "1"]);
  assert.equal(memos.get("5").version, 2);
  assert.equal(memos.get("4"), null);
  assert(!memos.hasMore, "the end of the list was known and still is");
});

test("a refresh to which all is new begins the stream anew", async () => {
  await open([3, 2], "2");
  memos.refresh();
  await answer("list", page([9, 8], "8"));
  assert.deepEqual(memos.stream, ["9", "8"]);
  memos.loadMore();
  assert.deepEqual(await answer("list", page([7])), ["8"]);
});

test("a refresh of a list that is short tells of all deletions", async () => {
  await open([2, 1]);
  memos.refresh();
  await answer("list", page([]));
  assert.deepEqual(memos.stream, []);
});

test("a refresh that is older than a change of this tab is dropped", async () => {
  await open([1]);
  memos.refresh();
  memos.create("x", "a");
  const [list] = service.calls.splice(0, 1);
  await answer("create", memo(2));
  list.resolve(page([1]));
  await new Promise((resume) => setImmediate(resume));
  assert.deepEqual(memos.stream, ["2", "1"]);
});

test("a refresh that fails is nobody's business", async () => {
  await open([1]);
  changes = 0;
  const refreshed = memos.refresh();
  await answer("list", new Unreachable());
  await refreshed;
  assert.equal(changes, 0);
  assert.equal(memos.failure, null);
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
