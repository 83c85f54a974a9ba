// What the engine does with each answer, one device at a time, over the simulation's server.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { memoryDatabase } from "../public/js/data/local/database.js";
import { LocalMemos } from "../public/js/data/local/local-memos.js";
import { MemoStore } from "../public/js/data/memos.js";
import { Engine } from "../public/js/data/sync/engine.js";
import { Problem, SignedOut, Unreachable } from "../public/js/lib/api.js";
import { channels } from "./channels.js";
import { Server } from "./simulation/server.js";
import { World } from "./simulation/world.js";

let world, server, memos, engine, local, fail, sent, names;

beforeEach(() => {
  world = new World(1);
  server = new Server(world);
  local = new LocalMemos(memoryDatabase(), channels(1)[0]);
  memos = Object.assign(new MemoStore(), { local });
  fail = {};
  sent = [];
  names = 0;
  engine = open();
});

const trouble = (status, slug, retryAfter = null) => new Problem(status, { type: `/problems#${slug}`, status }, retryAfter);

/** An engine as after a reload. Each call may be made to fail once: before it reaches the server, or after. */
function open() {
  const call = (name, work) => async (...args) => {
    const { before, after } = fail[name] ?? {};
    delete fail[name];
    if (before) throw before;
    const answer = work(...args);
    if (after) throw after;
    return structuredClone(answer);
  };
  const api = {
    send: call("send", (operations) => {
      sent.push(...operations);
      return operations.map((operation) => server.handle(operation));
    }),
    changes: call("changes", (cursor) => server.changes(cursor)),
    read: call("read", (id) => server.read(id)),
    version: call("version", (id, version) => server.version(id, version)),
  };
  return new Engine({ storage: local, api, now: () => world.now, random: () => 0, newKey: () => `n${(names += 1)}` });
}

/** Steps until there is nothing to do, or something is in the way. */
async function sync() {
  engine.look();
  for (let steps = 0; steps < 200; steps += 1) {
    const standing = await engine.step();
    if (standing.phase !== "working") return standing;
  }
  throw new Error("it does not come to rest");
}

async function shared(text) {
  const id = await memos.create(text);
  await sync();
  return { id, serverId: memos.get(id).serverId };
}
const patch = (id, body) => server.handle({ method: "PATCH", id, if_match: server.read(id).version, body });
const remove = (id) => server.handle({ method: "DELETE", id, if_match: server.read(id).version });
const all = () => [...server.memos.values()].map(({ text }) => text);

test("what is written goes to the server, and what is there comes here", async () => {
  server.handle({ method: "POST", body: { text: "there" } });
  const id = await memos.create("here");
  assert.deepEqual(await sync(), { phase: "resting", wait: null });
  assert.deepEqual(all(), ["there", "here"]);
  assert.deepEqual([...memos.all()].map(({ text }) => text).sort(), ["here", "there"]);
  assert.equal(memos.get(id).status, "saved");
});

test("a create whose answer got lost is not made again, nor shown twice", async () => {
  const id = await memos.create("once");
  fail.send = { after: new Unreachable() };
  assert.equal((await sync()).phase, "offline");
  assert.equal(memos.get(id).status, "sending");
  engine = open();
  await sync();
  assert.deepEqual([all(), [...memos.all()].length, memos.get(id).status], [["once"], 1, "saved"]);
});

test("pins and archives of two devices come together by field", async () => {
  const { id, serverId } = await shared("one");
  patch(serverId, { archived: true });
  await memos.set(id, { pinned: true });
  await sync();
  const { pinned, archived } = server.read(serverId);
  assert.deepEqual([pinned, archived, memos.get(id).archived], [true, true, true]);
});

test("a change that may be there already is not merged in silently", async () => {
  const { id, serverId } = await shared("one two\nthree four");
  await memos.save(id, "one two\nnew\nthree four", "one two\nthree four");
  fail.send = { after: new Unreachable() };
  await sync();
  // The history does not hold the version that it made, and its words are elsewhere in the text.
  assert.throws(() => server.version(serverId, 2) && patch(serverId, { pinned: true }) && server.version(serverId, 2));
  patch(serverId, { text: "new\nthree 3 four" });
  engine = open();
  await sync();
  assert.equal(memos.get(id).conflict?.kind, "text");
  assert.equal(server.read(serverId).text, "new\nthree 3 four");
});

test("a pin that was taken back elsewhere since it was saved is not set again", async () => {
  const { id, serverId } = await shared("one");
  await memos.set(id, { pinned: true });
  await sync();
  patch(serverId, { pinned: false });
  await memos.save(id, "one, more", "one");
  await sync();
  assert.deepEqual([server.read(serverId).pinned, server.read(serverId).text], [false, "one, more"]);
});

test("changes of other words come together, and that is noted with what was there before", async () => {
  const { id, serverId } = await shared("milk\nbread");
  patch(serverId, { text: "milk\nrye bread" });
  await memos.save(id, "oat milk\nbread", "milk\nbread");
  await sync();
  assert.equal(server.read(serverId).text, "oat milk\nrye bread");
  assert.deepEqual(memos.get(id).note, { kind: "merged", mine: "oat milk\nbread" });
});

test("a change of what was put into the trash elsewhere is asked about: kept, it comes out", async () => {
  const { id, serverId } = await shared("one");
  remove(serverId);
  await memos.save(id, "one, changed", "one");
  await sync();
  assert.equal(memos.get(id).conflict.kind, "trashed");
  assert.notEqual(server.read(serverId).trashed_at, null, "nothing is done before somebody has chosen");
  await memos.resolve(id, "keep");
  await sync();
  assert.deepEqual([server.read(serverId).trashed_at, server.read(serverId).text], [null, "one, changed"]);
});

test("a change of what was deleted for good elsewhere is asked about: kept, it is a new memo", async () => {
  const { id, serverId } = await shared("one");
  remove(serverId);
  remove(serverId);
  await memos.save(id, "one, changed", "one");
  await sync();
  assert.deepEqual([memos.get(id).conflict.kind, all()], ["gone", []]);
  await memos.resolve(id, "keep");
  await sync();
  assert.deepEqual([all(), memos.get(id).status], [["one, changed"], "saved"]);
});

test("what was deleted for good elsewhere and not changed here is gone", async () => {
  const { id, serverId } = await shared("one");
  remove(serverId);
  remove(serverId);
  await sync();
  assert.equal(memos.get(id), null);
});

test("what was changed elsewhere does not go to the trash unseen", async () => {
  const { id, serverId } = await shared("one");
  patch(serverId, { text: "one, changed" });
  await memos.set(id, { trashed: true });
  await sync();
  assert.deepEqual([server.read(serverId).trashed_at, memos.get(id).note?.kind, memos.get(id).text], [null, "kept", "one, changed"]);
});

test("a trash whose answer got lost does not delete for good", async () => {
  const { id, serverId } = await shared("one");
  await memos.set(id, { trashed: true });
  fail.send = { after: new Unreachable() };
  await sync();
  engine = open();
  await sync();
  assert.notEqual(server.read(serverId).trashed_at, null);
  assert.deepEqual([memos.get(id).status, memos.unsaved], ["saved", 0]);
});

test("what there is no room for is kept, said, and tried again later", async () => {
  server.quota = 0;
  const id = await memos.create("one");
  const { phase, wait } = await sync();
  assert.deepEqual([phase, memos.get(id).status, memos.get(id).refusal.slug], ["resting", "refused", "quota-exceeded"]);
  assert(wait > 60_000);
  server.quota = Infinity;
  const tries = sent.length;
  await sync();
  assert.equal(sent.length, tries, "not at once");
  world.now += wait;
  await sync();
  assert.equal(memos.get(id).status, "saved");
});

test("a text that no memo can have is not sent, and what it is done to besides is", async () => {
  const { id, serverId } = await shared("one");
  await memos.save(id, "  ", "one");
  await memos.set(id, { pinned: true });
  await sync();
  assert.deepEqual([server.read(serverId).pinned, server.read(serverId).text, memos.get(id).status], [true, "one", "refused"]);
});

test("a session that ended stops everything, and keeps it until somebody signs in", async () => {
  const id = await memos.create("one");
  fail.changes = { before: new SignedOut() };
  assert.equal((await sync()).phase, "signed-out");
  assert.equal((await sync()).phase, "signed-out");
  assert.deepEqual([sent.length, memos.get(id).status], [0, "local"]);
  engine.wake();
  await sync();
  assert.equal(memos.get(id).status, "saved");
});

test("the server says when to come back", async () => {
  fail.changes = { before: trouble(503, "unavailable", 90) };
  assert.deepEqual(await sync(), { phase: "troubled", wait: 90_000 });
  world.now += 89_000;
  assert.equal((await engine.step()).phase, "troubled");
  world.now += 1000;
  assert.equal((await sync()).phase, "resting");
});

test("without an answer it waits ever longer, up to a minute", async () => {
  const waits = [];
  for (let tries = 0; tries < 9; tries += 1) {
    fail.changes = { before: new Unreachable() };
    const { wait } = await sync();
    waits.push(wait);
    world.now += wait;
  }
  assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000]);
  assert.equal(waits.at(-1), 30_000);
});

test("a cursor that is too old begins anew, and what is gone since is gone here, what is unsent stays", async () => {
  const { id, serverId } = await shared("one");
  const kept = await shared("two");
  const unsent = await memos.create("three");
  remove(serverId);
  remove(serverId);
  server.forgetCursors();
  await sync();
  assert.deepEqual([memos.get(id), memos.get(kept.id).status, memos.get(unsent).status], [null, "saved", "saved"]);
  assert.deepEqual(all(), ["two", "three"]);
});

test("a device whose clock is far ahead writes all the same", async () => {
  const now = world.now;
  world.now += 3 * 24 * 60 * 60 * 1000;
  const date = Date.now;
  Date.now = () => world.now;
  const id = await memos.create("from the future").finally(() => (Date.now = date));
  world.now = now;
  await sync();
  assert.equal(memos.get(id).status, "saved");
});
