// Saving while somebody writes.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Autosave } from "../public/js/data/autosave.js";
import { Problem, SignedOut, Unreachable } from "../public/js/lib/api.js";

// Node.js has it since version 19.
globalThis.CustomEvent ??= class extends Event {
  constructor(type, { detail }) {
    super(type);
    this.detail = detail;
  }
};

const PAUSE = 1000;
const memo = (version, text) => ({ id: "7", version, text, created_at: "", updated_at: "" });
const problem = (status, slug, retryAfter = null) => new Problem(status, { type: `/problems#${slug}` }, retryAfter);
const settled = () => new Promise((resume) => setImmediate(resume));

/** What was asked of the server and is not answered yet, what is kept on the device, and what was told. */
let asked, kept, told, conflicts, canKeep;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  [asked, kept, told, conflicts, canKeep] = [[], null, [], [], true];
});

function start(draft = memo(1, "one"), server = memo(1, "one")) {
  const ask = (name) => (...args) => new Promise((resolve, reject) => asked.push({ name, args, resolve, reject }));
  const drafts = {
    set: (id, stored) => ((kept = { ...stored }), canKeep),
    delete: () => (kept = null),
  };
  const memos = { save: ask("save"), read: ask("read") };
  const autosave = new Autosave(server, draft, {
    memos,
    drafts,
    pause: PAUSE,
    retries: [5000, 10_000],
    explain: ({ slug }) => ({ key: `problem.${slug}` }),
  });
  autosave.addEventListener("state", () => told.push(autosave.state.kind));
  autosave.addEventListener("conflict", ({ detail }) => conflicts.push(detail));
  return autosave;
}

/** Answers the one request that is open. */
async function answer(name, value) {
  assert.equal(asked.length, 1, `a request to ${name}`);
  const call = asked.pop();
  assert.equal(call.name, name);
  if (value instanceof Error) call.reject(value);
  else call.resolve(value);
  await settled();
  return call.args;
}

test("what is written is saved after a pause, each time over the version that was got last", async () => {
  const autosave = start();
  autosave.write("one t");
  autosave.write("one two");
  assert.deepEqual(kept, { text: "one two", version: 1 });
  assert.equal(autosave.state.kind, "saving");
  mock.timers.tick(PAUSE - 1);
  assert.equal(asked.length, 0);
  autosave.write("one two three");
  mock.timers.tick(PAUSE);
  assert.deepEqual(await answer("save", memo(2, "one two three")), [{ id: "7", version: 1 }, "one two three"]);
  assert.deepEqual([autosave.state.kind, kept, autosave.version], ["saved", null, 2]);
  autosave.write("four");
  mock.timers.tick(PAUSE);
  assert.deepEqual(await answer("save", memo(3, "four")), [{ id: "7", version: 2 }, "four"]);
});

test("what is written while it saves is saved next, and one request is open at a time", async () => {
  const autosave = start();
  autosave.write("a");
  mock.timers.tick(PAUSE);
  autosave.write("ab");
  mock.timers.tick(PAUSE);
  await answer("save", memo(2, "a"));
  assert.deepEqual([autosave.state.kind, kept], ["saving", { text: "ab", version: 2 }]);
  mock.timers.tick(PAUSE);
  assert.deepEqual(await answer("save", memo(3, "ab")), [{ id: "7", version: 2 }, "ab"]);
  assert.deepEqual([autosave.state.kind, kept], ["saved", null]);
});

test("what is taken back before the pause is over is not saved", async () => {
  const autosave = start();
  autosave.write("onex");
  autosave.write("one");
  assert.deepEqual([autosave.state.kind, kept], ["saved", null]);
  mock.timers.tick(PAUSE);
  assert.equal(asked.length, 0);
});

test("what is taken back while it saves is saved, too", async () => {
  const autosave = start();
  autosave.write("onex");
  mock.timers.tick(PAUSE);
  autosave.write("one");
  assert.notEqual(kept, null, "the server is about to have something else");
  await answer("save", memo(2, "onex"));
  mock.timers.tick(PAUSE);
  assert.deepEqual(await answer("save", memo(3, "one")), [{ id: "7", version: 2 }, "one"]);
});

test("all of it can be saved at once, also what is written meanwhile", async () => {
  const autosave = start();
  autosave.write("a");
  const flushed = autosave.flush();
  autosave.write("ab");
  await answer("save", memo(2, "a"));
  await answer("save", memo(3, "ab"));
  assert.equal(await flushed, true);
  assert.equal(await autosave.flush(), true);
  assert.equal(asked.length, 0);
});

test("a draft of an earlier visit is saved over its own version", async () => {
  const autosave = start({ text: "two", version: 1 }, memo(3, "three"));
  assert.equal(autosave.isSaved, false);
  mock.timers.tick(PAUSE);
  const [{ version }] = await answer("save", problem(412, "stale-version"));
  assert.equal(version, 1);
});

test("without an answer it stays on the device, and is tried again, less and less often", async () => {
  for (const error of [new Unreachable(), problem(503, "unavailable"), problem(500, "internal"), problem(409, "conflict")]) {
    told = [];
    const autosave = start();
    autosave.write("two");
    mock.timers.tick(PAUSE);
    await answer("save", error);
    assert.deepEqual([autosave.state.kind, kept.text], ["kept", "two"]);
    mock.timers.tick(4999);
    assert.equal(asked.length, 0);
    mock.timers.tick(1);
    await answer("save", error);
    mock.timers.tick(9999);
    assert.equal(asked.length, 0);
    mock.timers.tick(1);
    await answer("save", memo(2, "two"));
    assert.deepEqual([autosave.state.kind, kept], ["saved", null]);
    assert.deepEqual(told, ["saving", "saving", "kept", "kept", "saved"], "a try changes nothing that is told");
  }
});

test("the server may ask for a longer wait", async () => {
  const autosave = start();
  autosave.write("two");
  mock.timers.tick(PAUSE);
  await answer("save", problem(429, "too-many-requests", 30));
  mock.timers.tick(29_999);
  assert.equal(asked.length, 0);
  mock.timers.tick(1);
  await answer("save", memo(2, "two"));
});

test("what the server or the site refuses is told with its reason, and tried again when it changes", async () => {
  const autosave = start();
  autosave.write(" ");
  mock.timers.tick(PAUSE);
  await settled();
  assert.deepEqual(autosave.state, { kind: "failed", reason: { key: "memoBlank" } });
  assert.equal(asked.length, 0);
  autosave.write("two");
  mock.timers.tick(PAUSE);
  await answer("save", problem(413, "body-too-large"));
  assert.deepEqual(autosave.state, { kind: "failed", reason: { key: "problem.body-too-large" } });
  mock.timers.tick(100_000);
  assert.equal(asked.length, 0);
  assert.equal(kept.text, "two");
  autosave.write("tw");
  mock.timers.tick(PAUSE);
  await answer("save", memo(2, "tw"));
  assert.equal(autosave.state.kind, "saved");
});

test("it does not claim to keep what the browser does not keep", async () => {
  canKeep = false;
  const autosave = start();
  autosave.write("two");
  mock.timers.tick(PAUSE);
  await answer("save", new Unreachable());
  assert.equal(autosave.state.kind, "unkept");
});

test("what was changed elsewhere is not overwritten before its author has seen it", async () => {
  const autosave = start();
  autosave.write("mine");
  mock.timers.tick(PAUSE);
  await answer("save", problem(412, "stale-version"));
  await answer("read", memo(2, "theirs"));
  assert.deepEqual([autosave.state.kind, conflicts, kept.text], ["conflict", [memo(2, "theirs")], "mine"]);
  autosave.write("mine, longer");
  mock.timers.tick(100_000);
  assert.equal(await autosave.flush(), false);
  assert.equal(asked.length, 0);
  assert.equal(kept.text, "mine, longer");
  const saved = autosave.keepOver(2);
  assert.deepEqual(await answer("save", memo(3, "mine, longer")), [{ id: "7", version: 2 }, "mine, longer"]);
  assert.equal(await saved, true);
});

test("our own change, whose answer got lost, is no conflict", async () => {
  const autosave = start();
  autosave.write("mine");
  mock.timers.tick(PAUSE);
  await answer("save", problem(412, "stale-version"));
  await answer("read", memo(2, "mine"));
  assert.deepEqual([autosave.state.kind, autosave.version, conflicts, kept], ["saved", 2, [], null]);
});

test("a memo that is gone, or in the trash, is a conflict without theirs", async () => {
  for (const error of [problem(404, "not-found"), problem(409, "in-trash")]) {
    conflicts = [];
    const autosave = start();
    autosave.write("mine");
    mock.timers.tick(PAUSE);
    await answer("save", error);
    assert.deepEqual([autosave.state.kind, conflicts, kept.text], ["conflict", [null], "mine"]);
  }
});

test("a memo that was put into the trash elsewhere is gone, whatever its text is", async () => {
  const autosave = start();
  autosave.write("mine");
  mock.timers.tick(PAUSE);
  await answer("save", problem(412, "stale-version"));
  await answer("read", { ...memo(2, "mine"), trashed_at: "2026-11-22T10:00:00Z" });
  assert.deepEqual([autosave.state.kind, conflicts, kept.text], ["conflict", [null], "mine"]);
});

test("after the end nothing is saved, kept or told", async () => {
  const autosave = start();
  autosave.write("two");
  mock.timers.tick(PAUSE);
  autosave.stop();
  kept = null;
  told = [];
  await answer("save", new SignedOut());
  autosave.write("three");
  mock.timers.tick(100_000);
  assert.deepEqual([asked, kept, told, await autosave.flush()], [[], null, [], false]);
});
