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
