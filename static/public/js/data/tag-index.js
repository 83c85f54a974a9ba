// All tags of the memos of this device, with how many have them: of those that are neither archived nor in the trash.

import { newestFirst, stateOf } from "./query.js";

/** @typedef {{tag: string, name: string, count: number, children: TagNode[]}} TagNode `count`: with what is below */
/** @typedef {import("./memos.js").LocalMemo} LocalMemo */

/** Long enough for a few changes in a row to be one. */
const SETTLE_MS = 100;

/** Fires `change` when other tags or numbers are known. */
export class TagIndex extends EventTarget {
  /** @type {{tag: string, count: number}[]} */
  #tags = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #memos;

  /** @param {EventTarget & {isLoaded: boolean, all: () => Iterable<LocalMemo>}} memos */
  constructor(memos) {
    super();
    this.#memos = memos;
    memos.addEventListener("change", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#count(), SETTLE_MS);
    });
    memos.addEventListener("clear", () => this.#set([]));
  }

  /** The names of all tags. */
  get names() {
    return this.#tags.map(({ tag }) => tag);
  }

  /** The names of all tags, those of the newest memos first. */
  get newest() {
    const newest = [...this.#memos.all()].sort(newestFirst);
    return [...new Set([...newest.flatMap((memo) => memo.tags), ...this.names])];
  }

  /** The tags with those below them, each level sorted. @returns {TagNode[]} */
  get tree() {
    return treeOf(this.#tags);
  }

  #count() {
    if (!this.#memos.isLoaded) return;
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const memo of this.#memos.all()) {
      if (stateOf(memo) !== "active") continue;
      for (const tag of memo.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    const tags = [...counts].map(([tag, count]) => ({ tag, count })).sort((one, other) => (one.tag < other.tag ? -1 : 1));
    if (JSON.stringify(tags) !== JSON.stringify(this.#tags)) this.#set(tags);
  }

  /** @param {{tag: string, count: number}[]} tags */
  #set(tags) {
    this.#tags = tags;
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Nests `a/b` under `a`, which is there then even if no memo has it.
 * @param {{tag: string, count: number}[]} tags
 * @returns {TagNode[]}
 */
export function treeOf(tags) {
  /** @type {Map<string, TagNode>} */
  const nodes = new Map();
  /** @type {TagNode[]} */
  const roots = [];
  for (const { tag, count } of tags) {
    const parts = tag.split("/");
    let siblings = roots;
    for (const [depth, name] of parts.entries()) {
      const path = parts.slice(0, depth + 1).join("/");
      const node = nodes.get(path) ?? { tag: path, name, count: 0, children: [] };
      if (!nodes.has(path)) siblings.push(node);
      nodes.set(path, node);
      node.count += count;
      siblings = node.children;
    }
  }
  for (const siblings of [roots, ...Array.from(nodes.values(), ({ children }) => children)]) {
    siblings.sort((one, other) => one.name.localeCompare(other.name));
  }
  return roots;
}
