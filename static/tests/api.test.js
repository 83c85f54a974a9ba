// One request, and the ways it can end.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { call, isProblem, Problem, Unreachable } from "../public/js/lib/api.js";
import { textOf } from "../public/js/lib/error-text.js";

const { fetch } = globalThis;
afterEach(() => (globalThis.fetch = fetch));

/** The next answers; returns what was asked. */
function answerWith(status, body, headers = {}) {
  const asked = [];
  globalThis.fetch = async (path, init) => {
    asked.push({ path, ...init });
    return new Response(body, { status, headers });
  };
  return asked;
}

test("JSON goes out and comes back", async () => {
  const asked = answerWith(200, '{"id":"1"}');
  assert.deepEqual(await call("POST", "/x", { json: { a: 1 }, headers: { "x-y": "z" } }), { id: "1" });
  assert.equal(asked[0].method, "POST");
  assert.equal(asked[0].body, '{"a":1}');
  assert.equal(asked[0].headers["content-type"], "application/json");
  assert.equal(asked[0].headers["x-y"], "z");
  assert.equal(asked[0].cache, "no-store");
});

test("the cookie goes to the issuer, wherever that is, and to nobody else's origin", async () => {
  const asked = answerWith(204, null);
  for (const path of ["/api/auth/session/refresh", "/api/memos/7", "/api/authors"]) await call("POST", path);
  assert.deepEqual(
    asked.map(({ path, credentials }) => [path, credentials]),
    [
      ["/api/auth/session/refresh", "include"],
      ["/api/memos/7", "same-origin"],
      ["/api/authors", "same-origin"],
    ],
  );
});

test("an empty answer is null", async () => {
  const asked = answerWith(204, null);
  assert.equal(await call("DELETE", "/x"), null);
  assert.equal(asked[0].body, undefined);
  assert.equal(asked[0].headers["content-type"], undefined);
});

test("an answer that was cut off in its head is none", async () => {
  answerWith(200, "");
  await assert.rejects(call("POST", "/x"), Unreachable);
});

test("a problem is read", async () => {
  const body = { type: "/problems#invalid-request", title: "T", status: 422, detail: "D", errors: [{ field: "text" }] };
  answerWith(422, JSON.stringify(body));
  const problem = await call("GET", "/x").catch((error) => error);
  assert(problem instanceof Problem);
  assert.equal(problem.status, 422);
  assert.equal(problem.slug, "invalid-request");
  assert.equal(problem.message, "D");
  assert.deepEqual(problem.fields, ["text"]);
  assert.equal(problem.retryAfter, null);
  assert(isProblem(problem, "invalid-request") && !isProblem(problem, "conflict") && !isProblem(null, "conflict"));
});

test("an error without a problem is one of unknown kind", async () => {
  for (const body of ["<h1>Bad gateway</h1>", "", "[]", '{"type":7,"errors":{}}', '{"type":"about:blank"}', "null"]) {
    answerWith(502, body);
    const problem = await call("GET", "/x").catch((error) => error);
    assert(problem instanceof Problem, body);
    assert.equal(problem.slug, "unknown", body);
    assert.deepEqual(problem.fields, [], body);
  }
});

test("the time to wait is read as seconds or as a date", async () => {
  const wait = async (header) => {
    answerWith(429, '{"type":"/problems#too-many-requests"}', { "retry-after": header });
    return (await call("GET", "/x").catch((error) => error)).retryAfter;
  };
  assert.equal(await wait("30"), 30);
  assert.equal(await wait("soon"), null);
  assert.equal(await wait("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  const later = await wait(new Date(Date.now() + 60_000).toUTCString());
  assert(later > 0 && later <= 61);
});

test("no answer is not a refusal", async () => {
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(call("GET", "/x"), Unreachable);
});

test("an answer that is not ours is none", async () => {
  answerWith(200, "<h1>Welcome to the hotel</h1>");
  await assert.rejects(call("GET", "/x"), Unreachable);
});

test("errors are told in words that help", () => {
  const isKnown = (key) => ["problem.conflict"].includes(key);
  const told = (error, world) => textOf(error, { isOnline: true, isKnown, ...world });
  const problem = (slug, retryAfter) => new Problem(429, { type: `/problems#${slug}` }, retryAfter);
  assert.deepEqual(told(problem("conflict")), { key: "problem.conflict" });
  assert.deepEqual(told(problem("brand-new")), { key: "problem.unknown" });
  assert.deepEqual(told(new Error("a mistake")), { key: "problem.unknown" });
  assert.deepEqual(told(new Unreachable()), { key: "problem.unreachable" });
  assert.deepEqual(told(new Unreachable(), { isOnline: false }), { key: "offline" });
  assert.deepEqual(told(problem("too-many-requests", "30")), { key: "problem.too-many-requests", params: { count: 30 } });
  assert.deepEqual(told(problem("too-many-requests", "0")).params, { count: 1 });
  assert.deepEqual(told(problem("too-many-requests")), { key: "tooManyRequests" });
  const full = (members) => told(new Problem(403, { type: "/problems#quota-exceeded", ...members }));
  assert.deepEqual(full({ quota: "memos", limit: 500, used: 500 }), { key: "quotaMemos", params: { limit: 500, used: 500 } });
  assert.deepEqual(full({ quota: "bytes", limit: 50_000_000, used: 49_960_000 }).params, { limit: 50, used: 50 });
  assert.deepEqual(full({}), { key: "problem.unknown" }, "no figures");
});
