// Who is signed in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Session } from "../public/js/data/session.js";
import { Problem, SignedOut, Unreachable } from "../public/js/lib/api.js";
import { channels } from "./channels.js";

// Renewals are minutes away, and no test waits for them.
const { setTimeout } = globalThis;
globalThis.setTimeout = (...call) => setTimeout(...call).unref();

// Node.js has it since version 19.
globalThis.CustomEvent ??= class extends Event {
  constructor(type, { detail }) {
    super(type);
    this.detail = detail;
  }
};

const GRANT = { access_token: "t1", expires_in: 600, user: { id: "1", username: "ann" } };

/** A session whose server gives these answers, and what was asked of it. */
function sessionWith(...answers) {
  const asked = [];
  const call = async (method, path) => {
    asked.push(`${method} ${path}`);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const [tabs, otherTab] = channels(2);
  const session = new Session({ call, tabs });
  const changes = [];
  session.addEventListener("change", ({ detail }) => changes.push([session.user?.username ?? null, detail.asked]));
  return { session, asked, changes, otherTab };
}

test("204: nobody was signed in, and nothing is told", async () => {
  const { session, changes } = sessionWith(null);
  await session.restore();
  assert.equal(session.user, null);
  assert.deepEqual(changes, []);
});

test("401: the session of an earlier visit has ended", async () => {
  const { session, changes } = sessionWith(new Problem(401, null));
  await session.restore();
  assert.deepEqual([session.user, changes], [null, []]);
});

test("a session that is gone while its person is there is told as ended, and not as asked for", async () => {
  for (const end of [null, new Problem(401, null)]) {
    const { session, changes } = sessionWith(GRANT, end);
    await session.restore();
    await session.restore();
    assert.deepEqual(changes, [["ann", false], [null, false]]);
  }
});

test("a sign-out is asked for, here and in other tabs", async () => {
  const { session, changes, otherTab } = sessionWith(GRANT, null, GRANT);
  const heard = [];
  otherTab.addEventListener("message", ({ data }) => heard.push(data));
  await session.signIn("ann", "x");
  await session.signOut();
  assert.deepEqual(heard, ["signed-in", "signed-out"]);
  await session.signIn("ann", "x");
  otherTab.postMessage("signed-out");
  assert.deepEqual(changes, [["ann", true], [null, true], ["ann", true], [null, true]]);
});

test("a passkey signs in as a password does: other tabs hear of it, and notices are told", async () => {
  const notices = [{ type: "refresh-token-reused", at: "2026-01-01T00:00:00Z" }];
  const { session, asked, changes, otherTab } = sessionWith({ challenge: "c" }, { ...GRANT, notices });
  const [heard, told] = [[], []];
  otherTab.addEventListener("message", ({ data }) => heard.push(data));
  session.addEventListener("notices", ({ detail }) => told.push(detail));
  assert.deepEqual(await session.passkeyOptions(), { challenge: "c" });
  await session.signInByPasskey({ id: "p" });
  assert.deepEqual(asked, ["POST /api/auth/session/passkey/options", "POST /api/auth/session/passkey"]);
  assert.deepEqual([changes, heard, told], [[["ann", true]], ["signed-in"], [notices]]);
});

/** What a session tells of whose account is deleted. */
const deletions = (session) => {
  const told = [];
  session.addEventListener("change", ({ detail }) => told.push(detail.isDeleted));
  return told;
};
const ME = "DELETE /api/auth/me";

test("an account that is deleted is told as such, and other tabs are signed out", async () => {
  const { session, asked, changes, otherTab } = sessionWith(GRANT, GRANT, null);
  const [told, heard] = [deletions(session), []];
  otherTab.addEventListener("message", ({ data }) => heard.push(data));
  await session.restore();
  await session.deleteAccount({ password: "x" });
  assert.deepEqual([changes, told, heard], [[["ann", false], [null, true]], [false, true], ["signed-out"]]);
  assert.equal(asked.at(-1), ME);
});

test("a deletion that is not finished keeps its session, and is finished by asking again", async () => {
  for (const unfinished of [new Problem(503, null), new Unreachable()]) {
    const { session, asked, changes } = sessionWith(GRANT, GRANT, unfinished, new Problem(401, null), new Problem(401, null), null);
    const told = deletions(session);
    await session.restore();
    await assert.rejects(session.deleteAccount({ password: "x" }));
    assert.equal(session.isLeaving, true);
    // The memos are refused meanwhile, and nobody is signed out for that.
    await assert.rejects(session.authorized("GET", "/api/memos"), Problem);
    assert.equal(session.user?.username, "ann");
    await session.deleteAccount({ password: "x" });
    assert.deepEqual([changes.at(-1), told.at(-1), asked.at(-1)], [[null, true], true, ME]);
    assert(asked.filter((request) => request.endsWith("refresh")).length === 2, asked.join());
  }
});

test("where the answer was lost, asking again finds the account gone", async () => {
  const gone = new Problem(401, null);
  const { session, changes } = sessionWith(GRANT, GRANT, new Unreachable(), gone, gone);
  await session.restore();
  await assert.rejects(session.deleteAccount({ password: "x" }));
  await session.deleteAccount({ password: "x" });
  assert.deepEqual(changes.at(-1), [null, true]);
});

test("a deletion that is refused changes nothing", async () => {
  const { session, changes } = sessionWith(GRANT, GRANT, new Problem(422, null), GRANT);
  await session.restore();
  await assert.rejects(session.deleteAccount({ password: "wrong" }), Problem);
  assert.equal(session.isLeaving, false);
  await session.restore();
  assert.deepEqual(changes, [["ann", false]]);
});

test("a tab that took a sign-out elsewhere for an end of its own is told that it was one", async () => {
  const { session, changes, otherTab } = sessionWith(GRANT, new Problem(401, null));
  await session.restore();
  await session.restore();
  otherTab.postMessage("signed-out");
  assert.deepEqual(changes, [["ann", false], [null, false], [null, true]]);
});

test("a server that does not answer has ended nothing", async () => {
  const { session, changes } = sessionWith(GRANT, new Unreachable());
  await session.restore();
  await assert.rejects(session.restore(), Unreachable);
  assert.deepEqual(changes, [["ann", false]]);
});

test("before the server has answered it is not known who is signed in", async () => {
  const { session } = sessionWith(new Unreachable(), null);
  await assert.rejects(session.restore(), Unreachable);
  assert.equal(session.isKnown, false);
  await session.restore();
  assert.equal(session.isKnown, true);
});

test("a token that is refused is renewed once, and the request repeated", async () => {
  const { session, asked } = sessionWith(GRANT, new Problem(401, null), GRANT, { items: [] });
  await session.restore();
  assert.deepEqual(await session.authorized("GET", "/api/memos"), { items: [] });
  assert.deepEqual(asked.slice(1), ["GET /api/memos", "POST /api/auth/session/refresh", "GET /api/memos"]);
});

test("an answer is not given in the name of somebody else", async () => {
  const { session, otherTab } = sessionWith(GRANT, { items: ["ann's"] });
  await session.restore();
  const answer = session.authorized("GET", "/api/memos");
  otherTab.postMessage("signed-out");
  await assert.rejects(answer, SignedOut);
});

test("who is not signed in asks nothing", async () => {
  const { session, asked } = sessionWith(null, null);
  await session.restore();
  await assert.rejects(session.authorized("GET", "/api/memos"), SignedOut);
  assert(!asked.includes("GET /api/memos"));
});

test("what the owner of the account should know is told by a sign-in, once", async () => {
  const notices = [{ type: "refresh-token-reused", at: "2026-11-22T10:00:00Z" }];
  const { session, changes } = sessionWith({ ...GRANT, notices }, GRANT);
  const told = [];
  session.addEventListener("notices", ({ detail }) => told.push([detail, changes.length]));
  await session.signIn("ann", "x");
  await session.signIn("ann", "x");
  assert.deepEqual(told, [[notices, 1]], "after who is signed in is known");
});
