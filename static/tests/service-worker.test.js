// The service worker as it is served, in a world of its own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FILES, ROUTE_PATHS, World } from "./worker-world.js";

test("installing keeps every file of the release, and then takes over", async () => {
  const world = new World();
  world.deploy("a");
  const worker = world.start("a");
  await worker.tell("install");
  assert.deepEqual(world.paths("shell-a"), Object.keys(FILES).map((path) => `/release/a${path}`));
  assert.deepEqual(world.deeds, ["a skips waiting"]);
  await worker.tell("activate");
  assert.deepEqual(world.deeds, ["a skips waiting", "a claims"]);
});

test("a release that is not whole does not take over, and the next try goes on where it was", async () => {
  const world = new World();
  world.deploy("a");
  world.served.set("/release/a/style.css", 500);
  const worker = world.start("a");
  await assert.rejects(worker.tell("install"), /style\.css: 500/);
  assert.deepEqual(world.deeds, []);
  world.deploy("a");
  world.asked.length = 0;
  await worker.tell("install");
  assert.deepEqual(world.asked, ["/release/a/style.css"]);
  assert.deepEqual(world.deeds, ["a skips waiting"]);
});

test("what a release before has is not loaded again, and comes from nowhere else", async () => {
  const world = new World();
  await world.install("a");
  const files = { ...FILES, "/": "i2", "/js/app.js": "a2" };
  world.deploy("b", files);
  await world.start("b", files).tell("install");
  assert.deepEqual(world.asked, ["/release/b/", "/release/b/js/app.js"]);
  const same = await world.caches.match("/release/b/style.css");
  assert.equal(await same.text(), "s1 at /release/a/style.css");
  assert.equal(same.url, "", "a module would import from the release that it came from");
});

test("all of the app's own paths are answered with its page, without a connection", async () => {
  const world = new World();
  const worker = await world.install("a");
  world.isOnline = false;
  assert(ROUTE_PATHS.length > 5);
  for (const route of ROUTE_PATHS) {
    const path = route.replace("{id}", "7").replace("{tag...}", "a/%ED%95%9C/c");
    const answer = await worker.visit(`${path}?q=1`);
    assert.equal(answer.status, 200, path);
    assert.equal(await answer.text(), "i1 at /release/a/", path);
    assert.equal(answer.url, "", path);
  }
  assert.equal(await (await worker.visit("/problems")).text(), "p1 at /release/a/problems");
});

test("an address that this release does not know is the server's, and without a connection a page says so", async () => {
  const world = new World();
  const worker = await world.install("a");
  const unknown = ["/m", "/m/", "/m/7/", "/m/7/histories", "/tag/", "/tag/a//b", "/new/", "/404", "/style.css", "/js/app.js"];
  for (const path of unknown) {
    world.served.set(path, "new");
    assert.equal(await (await worker.visit(path)).text(), `new at ${path}`);
  }
  world.isOnline = false;
  for (const path of unknown) {
    const answer = await worker.visit(path);
    assert.equal(answer.status, 404, path);
    assert.equal(await answer.text(), "n1 at /release/a/404", path);
  }
});

test("the APIs, other sites and all that changes something are left alone", async () => {
  const world = new World();
  const worker = await world.install("a");
  const paths = ["/api/memos", "/api/auth/me", "/api/shares/x", "/.well-known/jwks.json"];
  for (const path of paths) {
    assert.equal(await worker.ask(path), null, path);
    assert.equal(await worker.visit(path), null, path);
  }
  assert.equal(await worker.ask("/", { mode: "navigate", method: "POST" }), null);
  assert.equal(await worker.ask("/release/a/js/app.js", { method: "HEAD" }), null);
  assert.equal(await worker.ask("/release/a/js/app.js", { origin: "https://elsewhere.example" }), null);
  assert.equal(await worker.ask("/memo.webmanifest"), null);
  assert.deepEqual(world.asked, []);
});

test("pages of two releases get the files of their own", async () => {
  const world = new World();
  await world.install("a");
  const worker = await world.install("b", { ...FILES, "/js/app.js": "a2" });
  assert.equal(await (await worker.ask("/release/a/js/app.js")).text(), "a1 at /release/a/js/app.js");
  assert.equal(await (await worker.ask("/release/b/js/app.js")).text(), "a2 at /release/b/js/app.js");
  assert.deepEqual(world.asked, []);
});

test("what the browser has thrown away comes from the server, and is kept again with the next page", async () => {
  const world = new World();
  const worker = await world.install("a");
  world.caches.all.clear();
  assert.equal((await worker.ask("/release/a/style.css")).status, 200);
  assert.equal((await worker.ask("/release/a/js/gone.js")).status, 404);
  world.served.set("/unknown", "page");
  await worker.visit("/unknown");
  assert.deepEqual(world.paths("shell-a"), []);
  world.served.set("/m/7", "page");
  assert.equal(await (await worker.visit("/m/7")).text(), "page at /m/7");
  assert.deepEqual(world.paths("shell-a"), Object.keys(FILES).map((path) => `/release/a${path}`));
  world.isOnline = false;
  assert.equal((await worker.ask("/release/a/style.css")).status, 200);
  await assert.rejects(worker.ask("/release/a/js/gone.js"), TypeError);
  world.caches.all.get("shell-a")?.delete("/release/a/");
  await assert.rejects(worker.visit("/m/7"), TypeError, "the memo is there, it only can't be shown");
});

test("a browser that knows routes is told them before the worker takes over", async () => {
  const world = new World();
  world.deploy("a");
  const told = [];
  const addRoutes = async (routes) => told.push(...routes, ...world.deeds);
  await world.start("a").tell("install", { addRoutes });
  const sources = told.map(({ condition, source }) => [condition.urlPattern.pathname, condition.requestMethod, source]);
  assert.deepEqual(sources, [
    ["/release/*", "GET", "cache"],
    ["/api/*", "GET", "network"],
    ["/.well-known/*", "GET", "network"],
  ]);
});

test("a release's files stay as long as a page of it is open, and those of the one before in any case", async () => {
  const world = new World();
  for (const release of ["a", "b"]) await world.install(release);
  assert.deepEqual(await world.caches.keys(), ["shell-a", "shell-b"]);
  world.locks.push("shell-a", "something else");
  for (const release of ["c", "d"]) await world.install(release);
  assert.deepEqual(await world.caches.keys(), ["shell-a", "shell-c", "shell-d"]);
  world.locks.length = 0;
  await world.install("e");
  assert.deepEqual(await world.caches.keys(), ["shell-d", "shell-e"]);
});

test("what the next worker is about to keep is not removed", async () => {
  const world = new World();
  for (const release of ["a", "b"]) await world.install(release);
  world.registration.installing = {};
  await world.install("c");
  assert.deepEqual(await world.caches.keys(), ["shell-a", "shell-b", "shell-c"]);
});

test("caches of others on the same origin are left alone", async () => {
  const world = new World();
  await world.caches.open("another");
  for (const release of ["a", "b", "c"]) await world.install(release);
  assert.deepEqual(await world.caches.keys(), ["another", "shell-b", "shell-c"]);
});

test("it goes where the server has no worker any more, and for no other reason", async () => {
  for (const status of [404, 410]) {
    const world = new World();
    await world.caches.open("another");
    const worker = await world.install("a");
    for (const passing of [500, 503, 403]) {
      world.served.set("/service-worker.js", passing);
      await worker.visit("/");
    }
    world.isOnline = false;
    await worker.visit("/");
    assert.equal(world.registration.isGone, false);
    world.isOnline = true;
    world.served.set("/service-worker.js", status);
    await worker.visit("/");
    assert.equal(world.registration.isGone, true);
    assert.deepEqual(await world.caches.keys(), ["another"]);
    assert.equal((await worker.ask("/release/a/style.css")).status, 200);
    assert.deepEqual(await world.caches.keys(), ["another"], "what pages still ask for is not kept again");
  }
});

test("pages that ask are told the release", async () => {
  const world = new World();
  const worker = await world.install("a");
  const told = [];
  const source = { postMessage: (message) => told.push(message.release) };
  await worker.tell("message", { data: { ask: "release" }, source });
  await worker.tell("message", { data: null, source });
  await worker.tell("message", { data: { ask: "something" }, source });
  assert.deepEqual(told, ["a"]);
});
