// Server-sent events, however they come in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { eventsOf } from "../public/js/lib/events.js";

/** What is told of a stream that comes in these pieces. */
async function told(...pieces) {
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  const all = [];
  for await (const data of eventsOf(stream)) all.push(data);
  return all;
}

test("an event has its data, and what has none says that somebody is there", async () => {
  const stream = "retry: 1000\n\nevent: change\ndata: {}\nid: 7\n\n: still here\n\nid: 8\n\n";
  assert.deepEqual(await told(stream), [null, "{}", null, null]);
});

test("it does not matter where a stream is cut into pieces", async () => {
  const stream = "event: change\ndata: 회의 🎉\n\n: \n\ndata: 2\n\n";
  const bytes = new TextEncoder().encode(stream);
  for (let at = 1; at < bytes.length; at += 1) {
    assert.deepEqual(await told(bytes.slice(0, at), bytes.slice(at)), ["회의 🎉", null, "2"]);
  }
  assert.deepEqual(await told(...Array.from(bytes, (byte) => Uint8Array.of(byte))), ["회의 🎉", null, "2"]);
});

test("lines may end as on other systems, and data may have several", async () => {
  assert.deepEqual(await told("data: a\r\ndata:b\r\n\r\n"), ["a\nb"]);
});

test("what is cut off within an event is not told", async () => {
  assert.deepEqual(await told("data: a\n\ndata: b\n"), ["a"]);
});

test("whoever stops reading ends the stream", async () => {
  let isEnded = false;
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: a\n\n")),
    cancel: () => void (isEnded = true),
  });
  for await (const data of eventsOf(stream)) if (data) break;
  assert.equal(isEnded, true);
});
