// The memo service in memory, as `request` of a MemoService: what it promises, without a network.

import { Problem } from "../public/js/lib/api.js";

const problem = (status, slug, members = {}) => new Problem(status, { type: `/problems#${slug}`, status, ...members });

export class FakeService {
  memos = new Map();
  versions = new Map();
  /** Every request, as `METHOD path`. */
  asked = [];
  /** How many memos one page looks at: pages may be shorter than what was asked for. */
  work = Infinity;
  /** How many memos one emptying of the trash removes. */
  step = Infinity;
  tagsOf = (text) => [...new Set([...text.matchAll(/(?:^|\s)#([\p{L}\p{N}_/-]+)/gu)].map(([, tag]) => tag.toLowerCase()))];
  #next = 1;

  /** Puts a memo there, as from another device. */
  put(text, fields = {}) {
    const id = String(this.#next++);
    const now = new Date().toISOString();
    const memo = {
      id, text, tags: this.tagsOf(text), pinned: false, archived: false, created_at: now, updated_at: now,
      trashed_at: null, version: 1, ...fields,
    };
    this.memos.set(id, memo);
    this.versions.set(id, []);
    return memo;
  }

  /** Changes a memo, as from another device or by a request. */
  edit(id, changes) {
    const memo = this.memos.get(String(id));
    if (changes.text !== undefined && changes.text !== memo.text) {
      this.versions.get(memo.id).unshift({ version: memo.version, text: memo.text, written_at: memo.updated_at });
    }
    const next = { ...memo, ...changes, version: memo.version + 1, updated_at: new Date().toISOString() };
    next.tags = this.tagsOf(next.text);
    this.memos.set(memo.id, next);
    return next;
  }

  request = async (method, path, { json, headers = {} } = {}) => {
    await null;
    this.asked.push(`${method} ${path}`);
    const url = new URL(path, "http://x");
    const [, , , id, part, version, deed] = url.pathname.split("/");
    if (id === undefined) return method === "GET" ? this.#list(url.searchParams) : this.put(json.text);
    if (id === "tags") return this.#tags();
    if (id === "batch") return { results: json.operations.map((operation) => this.#operation(operation)) };
    if (id === "trash") return this.#empty(url.searchParams.get("cursor"));
    if (part === "versions" && !deed) return { items: this.versions.get(id) };
    if (part === "versions") return this.edit(id, { text: this.#version(id, Number(version)) });
    if (part === "restore") return this.#found(id).trashed_at ? this.edit(id, { trashed_at: null }) : this.#found(id);
    if (method === "GET") return this.#found(id);
    const ifMatch = headers["if-match"] && Number(headers["if-match"].replaceAll('"', ""));
    return this.#write(method, id, ifMatch, json);
  };

  #found(id) {
    const memo = this.memos.get(id);
    if (!memo) throw problem(404, "not-found");
    return memo;
  }

  #version(id, version) {
    if (this.#found(id).version === version) return this.#found(id).text;
    const old = this.versions.get(id).find((one) => one.version === version);
    if (!old) throw problem(404, "not-found");
    return old.text;
  }

  #write(method, id, ifMatch, changes) {
    const memo = this.#found(id);
    if (ifMatch === undefined) throw problem(428, "precondition-required");
    if (ifMatch !== memo.version) throw problem(412, "stale-version", { current: memo, current_version: memo.version });
    if (method === "DELETE" && memo.trashed_at) {
      this.memos.delete(id);
      return null;
    }
    if (method === "DELETE") {
      this.edit(id, { trashed_at: new Date().toISOString() });
      return null;
    }
    if (memo.trashed_at && !("trashed_at" in changes)) throw problem(409, "in-trash");
    return this.edit(id, changes);
  }

  #operation({ method, id, if_match, body }) {
    try {
      const memo = this.#write(method, id, if_match, body);
      return memo ? { status: 200, memo } : { status: 204 };
    } catch (error) {
      return { status: error.status, problem: error.members };
    }
  }

  #list(params) {
    const state = params.get("state") ?? "active";
    const tag = params.get("tag");
    const words = (params.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const query = `${state} ${tag} ${words}`;
    const [of, from] = (params.get("cursor") ?? `${query}|Infinity`).split("|");
    if (of !== query) throw problem(422, "invalid-request", { errors: [{ field: "cursor" }] });
    const isIn = (memo) =>
      (state === "all" || state === (memo.trashed_at ? "trashed" : memo.archived ? "archived" : "active")) &&
      (!tag || memo.tags.some((one) => one === tag || one.startsWith(`${tag}/`))) &&
      words.every((word) => memo.text.toLowerCase().includes(word));
    const left = [...this.memos.values()].filter((memo) => Number(memo.id) < Number(from)).sort((a, b) => b.id - a.id);
    const items = [];
    let looked = 0;
    for (const memo of left) {
      if (items.length === Number(params.get("limit")) || looked === this.work) break;
      looked += 1;
      if (isIn(memo)) items.push(memo);
    }
    const end = left[looked - 1];
    return { items, next_cursor: end && looked < left.length ? `${query}|${end.id}` : null };
  }

  #tags() {
    const counts = new Map();
    for (const memo of this.memos.values()) {
      if (memo.archived || memo.trashed_at) continue;
      for (const tag of memo.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    return { items: [...counts].sort().map(([tag, count]) => ({ tag, count })), more: false };
  }

  /** Goes down from the cursor: who does not send it back begins at the top again. */
  #empty(cursor) {
    const ids = [...this.memos.keys()].filter((id) => cursor === null || Number(id) < Number(cursor));
    const looked = ids.sort((one, other) => Number(other) - Number(one)).slice(0, this.step);
    const trashed = looked.filter((id) => this.memos.get(id).trashed_at);
    for (const id of trashed) this.memos.delete(id);
    return ids.length > this.step ? { removed: trashed.length, more: true, next_cursor: looked.at(-1) } : null;
  }
}
