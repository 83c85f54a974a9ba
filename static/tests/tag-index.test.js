// The tags of the memos of this device.

import assert from "node:assert/strict";
import { test } from "node:test";

import { TagIndex, treeOf } from "../public/js/data/tag-index.js";

test("tags are a tree that counts what is below", () => {
  const tree = treeOf([{ tag: "b", count: 1 }, { tag: "a/y/z", count: 2 }, { tag: "a/x", count: 3 }, { tag: "a", count: 4 }]);
  const shape = (nodes) => nodes.map(({ tag, name, count, children }) => [tag, name, count, shape(children)]);
  assert.deepEqual(shape(tree), [
    ["a", "a", 9, [["a/x", "x", 3, []], ["a/y", "y", 2, [["a/y/z", "z", 2, []]]]]],
    ["b", "b", 1, []],
  ]);
});

test("the tags of what is neither archived nor in the trash are counted, the newest offered first", async () => {
  const memos = new EventTarget();
  const memo = (id, tags, fields) => ({ id, serverId: id, created_at: `2026-01-0${id}`, tags, archived: false, trashed_at: null, ...fields });
  const all = [memo("1", ["a", "b"]), memo("2", ["b"]), memo("3", ["c"], { archived: true }), memo("4", ["d"], { trashed_at: "x" })];
  Object.assign(memos, { all: () => all, isLoaded: true });
  const tags = new TagIndex(memos);
  const counted = new Promise((resolve) => tags.addEventListener("change", resolve, { once: true }));
  memos.dispatchEvent(new Event("change"));
  await counted;
  assert.deepEqual(tags.tree.map(({ tag, count }) => [tag, count]), [["a", 1], ["b", 2]]);
  assert.deepEqual(tags.newest, ["d", "c", "b", "a"]);
  memos.dispatchEvent(new Event("clear"));
  assert.deepEqual(tags.names, []);
});
