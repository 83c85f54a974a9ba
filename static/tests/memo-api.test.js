// The memo service as the engine asks it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { memoApi } from "../public/js/data/local/memo-api.js";
import { Problem, SignedOut, Unreachable } from "../public/js/lib/api.js";

let session, asked, answer, api;

beforeEach(() => {
  asked = [];
  session = {
    user: { id: "ann", username: "ann" },
    isKnown: true,
    authorized: async (...request) => {
      asked.push(request);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  api = memoApi(session, "ann");
});

const refused = (status, slug) => (answer = new Problem(status, { type: `/problems#${slug}`, status, current: { id: "7" } }));

test("one operation is a request of its own, several are a batch", async () => {
  answer = { id: "7", version: 3 };
  const create = { method: "POST", body: { text: "a" }, idempotency_key: "k" };
  const change = { method: "PATCH", id: "7", if_match: 2, body: { pinned: true } };
  assert.deepEqual(await api.send([create]), [{ status: 200, memo: answer, id: "7", version: 3 }]);
  await api.send([change]);
  assert.deepEqual(asked, [
    ["POST", "/api/memos", { json: { text: "a" }, headers: { "idempotency-key": "k" } }],
    ["PATCH", "/api/memos/7", { json: { pinned: true }, headers: { "if-match": '"2"' } }],
  ]);
  answer = { results: [{ status: 201 }, { status: 412 }] };
  assert.deepEqual(await api.send([create, change]), answer.results);
  assert.deepEqual(asked[2], ["POST", "/api/memos/batch", { json: { operations: [create, change] } }]);
});

test("a deletion has no answer but that it was done", async () => {
  answer = null;
  assert.deepEqual(await api.send([{ method: "DELETE", id: "7", if_match: 1 }]), [{ status: 204, id: "7" }]);
});

test("what concerns one memo is its result, what concerns all is thrown", async () => {
  const change = [{ method: "PATCH", id: "7", if_match: 1, body: {} }];
  refused(412, "stale-version");
  const [result] = await api.send(change);
  assert.deepEqual([result.status, result.problem.current], [412, { id: "7" }]);
  for (const status of [401, 429, 503]) {
    refused(status, "whatever");
    await assert.rejects(api.send(change), { status });
  }
  answer = new Unreachable();
  await assert.rejects(api.send(change), Unreachable);
});

test("nothing is asked in the name of somebody else, or of nobody", async () => {
  for (const user of [null, { id: "bob", username: "bob" }]) {
    session.user = user;
    await assert.rejects(api.changes(null), SignedOut);
    await assert.rejects(api.send([{ method: "POST", body: { text: "secret" } }]), SignedOut);
  }
  assert.deepEqual(asked, []);
});

test("the feed goes on from its cursor", async () => {
  answer = { items: [], next: "b", more: false };
  await api.changes(null);
  await api.changes("a/b");
  assert.deepEqual(asked.map(([, path]) => path), ["/api/memos/changes?limit=100", "/api/memos/changes?limit=100&since=a%2Fb"]);
});

test("a visit that began without a network finds out later who is signed in", async () => {
  const { user } = session;
  Object.assign(session, { user: null, isKnown: false });
  session.restore = async () => {
    throw new Unreachable();
  };
  await assert.rejects(api.changes(null), Unreachable, "nobody is asked to sign in again");
  session.restore = async () => Object.assign(session, { user, isKnown: true });
  answer = { items: [], next: "b", more: false };
  assert.equal(await api.changes(null), answer);
});
