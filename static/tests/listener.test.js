// How this device hears of what happens elsewhere, in a world without browsers.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Listener } from "../public/js/data/local/listener.js";
import { Problem, Unreachable } from "../public/js/lib/api.js";

const NEWS = 'data: {"id":"7","version":2,"deleted":false}\n\n';

let heard, opened, world, listeners;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  heard = [];
  opened = [];
  listeners = [];
  world = { cursor: "c1", isNews: true, refusal: null };
});

afterEach(() => {
  for (const listener of listeners) listener.stop();
  mock.timers.reset();
  delete globalThis.document;
});

/** A listener, and how to let the service speak on its newest stream. */
async function listen(locks) {
  const ports = {
    async listen(cursor, signal) {
      const stream = { cursor, signal };
      opened.push(stream);
      if (world.refusal) throw world.refusal;
      return new ReadableStream({
        start(controller) {
          const encoder = new TextEncoder();
          stream.say = (text) => controller.enqueue(encoder.encode(text));
          stream.end = () => controller.close();
          signal.addEventListener("abort", () => controller.error(signal.reason));
        },
      });
    },
    cursor: () => world.cursor,
    isNews: () => world.isNews,
    now: Date.now,
    random: () => 0,
  };
  const hear = (what) => () => heard.push(what);
  const listener = new Listener(ports, { look: hear("look"), quiet: hear("quiet"), wake: hear("wake") }, { lock: "l", locks });
  listeners.push(listener);
  await settled();
  return listener;
}

/** Lets everything happen that waits for nothing but its turn. */
async function settled() {
  for (let count = 0; count < 20; count += 1) await turn();
}

async function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 500) {
    mock.timers.tick(Math.min(left, 500));
    await settled();
  }
}

async function say(text) {
  opened.at(-1).say(text);
  await settled();
}

function show(isVisible) {
  document.hidden = !isVisible;
  document.dispatchEvent(new Event("visibilitychange"));
  return settled();
}

test("news are looked for, and what is known already is none", async () => {
  await listen();
  assert.deepEqual(opened.map(({ cursor }) => cursor), ["c1"]);
  await say(NEWS);
  world.isNews = false;
  await say(NEWS);
  await say(": \n\n");
  assert.deepEqual(heard, ["look", "quiet"]);
});

test("nothing is asked as long as the service speaks", async () => {
  await listen();
  for (let count = 0; count < 30; count += 1) {
    await pass(20_000);
    await say(": \n\n");
  }
  assert.deepEqual([opened.length, new Set(heard)], [1, new Set(["quiet"])]);
});

test("a stream that ends is opened again, from where one has come by then", async () => {
  await listen();
  opened[0].end();
  await settled();
  world.cursor = "c2";
  await pass(500);
  assert.equal(opened.length, 1);
  await pass(500);
  assert.deepEqual([opened.map(({ cursor }) => cursor), heard], [["c1", "c2"], ["look"]]);
});

test("a stream that says nothing any more is given up", async () => {
  await listen();
  await pass(44_500);
  assert.equal(opened[0].signal.aborted, false);
  await pass(500);
  assert.equal(opened[0].signal.aborted, true);
  await pass(2000);
  assert.equal(opened.length, 2);
  assert.deepEqual(heard, ["look", "wake"]);
});

test("who gets no answer tries ever more seldom, and asks meanwhile", async () => {
  world.refusal = new Unreachable();
  await listen();
  await pass(5 * 60_000);
  assert.ok(opened.length < 20, `${opened.length} tries`);
  const looks = heard.length;
  await pass(60_000);
  assert.ok(heard.length >= looks + 3, "it is asked every 20 s");
  world.refusal = null;
  await pass(60_000);
  assert.ok(heard.includes("wake"), "that the service is back is told");
});

test("where there are no events it is asked now and then, until something is different", async () => {
  world.refusal = new Problem(404, null);
  const listener = await listen();
  await pass(60_000);
  assert.deepEqual([opened.length, heard], [1, ["look", "look", "look"]]);
  listener.wake();
  await settled();
  assert.equal(opened.length, 2);
});

test("who is told to come back later does", async () => {
  world.refusal = new Problem(429, null, "20");
  await listen();
  await pass(19_500);
  assert.equal(opened.length, 1);
  await pass(1000);
  assert.equal(opened.length, 2);
});

test("a hidden page does not listen, and hears at once when it is seen again", async () => {
  await listen();
  await show(false);
  assert.equal(opened[0].signal.aborted, true);
  await pass(60_000);
  assert.equal(opened.length, 1);
  await show(true);
  assert.equal(opened.length, 2);
});

test("before anything was read there is nothing to listen from", async () => {
  world.cursor = null;
  await listen();
  await pass(3000);
  assert.deepEqual([opened, heard], [[], []]);
  world.cursor = "c1";
  await pass(1000);
  assert.equal(opened.length, 1);
});

test("of several tabs one listens, and the next one when that is hidden", async () => {
  const locks = oneLock();
  await listen(locks);
  const hide = document;
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  await listen(locks);
  assert.equal(opened.length, 1);
  hide.hidden = true;
  globalThis.document = hide;
  hide.dispatchEvent(new Event("visibilitychange"));
  await settled();
  assert.deepEqual([opened.length, opened[0].signal.aborted, opened[1].signal.aborted], [2, true, false]);
});

test("whoever stops says nothing any more", async () => {
  const listener = await listen();
  listener.stop();
  await settled();
  await pass(60_000);
  assert.deepEqual([opened.length, opened[0].signal.aborted, heard], [1, true, []]);
});

/** Locks of which one is asked for. */
function oneLock() {
  let last = Promise.resolve();
  return {
    request(_, { signal }, work) {
      const turnOf = last.then(() => (signal.aborted ? undefined : work()));
      last = turnOf.catch(() => {});
      return turnOf;
    },
  };
}
