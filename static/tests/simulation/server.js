// The memo service by its rules: versions, If-Match, idempotency, the trash, quotas, the feed. It keeps what it has ever
// held, so that the judge can ask.

import { Problem } from "../../public/js/lib/api.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const KEY_KEPT_MS = 7 * DAY_MS;

const refused = (status, slug, members = {}) => ({ status, problem: { type: `/problems#${slug}`, status, ...members } });

export const thrown = (status, slug, retryAfter = null) => new Problem(status, { type: `/problems#${slug}`, status }, retryAfter);

export class Server {
  memos = new Map();
  /** Every state that was ever there, by `id/version`. */
  states = new Map();
  quota = Infinity;
  #next = 1;
  #keys = new Map();
  #log = [];
  #era = 0;
  #world;

  constructor(world) {
    this.#world = world;
  }

  /** Carries out one operation. */
  handle({ method, id, if_match, body, idempotency_key }) {
    if (method === "POST") return this.#create(body, idempotency_key);
    const memo = this.memos.get(id);
    if (!memo) return refused(404, "not-found");
    if (if_match === undefined) return refused(428, "precondition-required");
    if (if_match !== memo.version) return refused(412, "stale-version", { current: memo });
    if (method === "DELETE" && memo.trashed_at) return this.#purge(memo);
    if (method === "DELETE") return { status: 204, memo: this.#put({ ...memo, trashed_at: this.#time() }), version: memo.version + 1, id };
    if (memo.trashed_at && !("trashed_at" in body)) return refused(409, "in-trash");
    const invalid = this.#invalid(body);
    if (invalid) return invalid;
    const hasGrown = body.text !== undefined && body.text.length > memo.text.length;
    if (hasGrown && this.quota === 0) return refused(403, "quota-exceeded", { quota: "bytes", limit: 0, used: 0 });
    const text = body.text ?? memo.text;
    const updated_at = text === memo.text ? memo.updated_at : this.#time();
    const next = this.#put({ ...memo, ...body, text, updated_at });
    return { status: 200, memo: next, id, version: next.version };
  }

  read(id) {
    const memo = this.memos.get(id);
    if (!memo) throw thrown(404, "not-found");
    return memo;
  }

  /** Not every text is kept. */
  version(id, version) {
    const state = this.memos.has(id) && this.states.get(`${id}/${version}`);
    if (!state || (version < this.memos.get(id).version && (Number(id) + version) % 3 === 0)) throw thrown(404, "not-found");
    return { version, text: state.text };
  }

  /** Some changes may be told again, and a page is as long as it happens to be. */
  changes(cursor) {
    const world = this.#world;
    const place = cursor === null ? { era: this.#era, ids: 0, log: this.#log.length } : JSON.parse(cursor);
    if (place.era !== this.#era) throw thrown(place.era % 2 ? 410 : 422, place.era % 2 ? "cursor-expired" : "invalid-request");
    const before = { ...place };
    const told = new Map();
    const limit = 1 + world.below(8);
    while (place.ids < this.#next - 1 && told.size < limit) {
      const memo = this.memos.get(String((place.ids += 1)));
      if (memo) told.set(memo.id, { id: memo.id, version: memo.version, deleted: false, memo });
    }
    while (place.log < this.#log.length && told.size < limit) {
      const { id, version } = this.#log[place.log];
      const memo = this.memos.get(id);
      const isGone = !memo && !this.#log.slice(place.log + 1).some((entry) => entry.id === id);
      if (memo) told.set(id, { id, version: memo.version, deleted: false, memo });
      else if (isGone) told.set(id, { id, version, deleted: true });
      place.log += 1;
    }
    const more = place.ids < this.#next - 1 || place.log < this.#log.length;
    if (world.chance(0.2)) place.log = Math.max(before.log, place.log - 2);
    return { items: [...told.values()], next: JSON.stringify(place), more };
  }

  /** From now on no cursor is good. */
  forgetCursors() {
    this.#era += 1;
  }

  #create(body, key) {
    const { text, pinned = false, archived = false, created_at = this.#time() } = body;
    const fingerprint = JSON.stringify(body);
    const known = this.#keys.get(key);
    if (known && this.#world.now - known.at < KEY_KEPT_MS) {
      if (known.fingerprint !== fingerprint) return refused(422, "idempotency-key-reused");
      const memo = this.memos.get(known.id);
      return memo ? { status: 201, memo, id: memo.id, version: memo.version } : refused(404, "not-found");
    }
    const invalid = this.#invalid(body);
    if (invalid) return invalid;
    if (this.memos.size >= this.quota) return refused(403, "quota-exceeded", { quota: "memos", limit: this.quota, used: this.memos.size });
    const id = String(this.#next++);
    if (key) this.#keys.set(key, { id, fingerprint, at: this.#world.now });
    const memo = this.#keep({ id, text, tags: [], pinned, archived, created_at, updated_at: created_at, trashed_at: null, version: 1 });
    return { status: 201, memo, id, version: 1 };
  }

  #invalid({ text, created_at }) {
    if (text !== undefined && text.trim() === "") return refused(422, "invalid-request", { errors: [{ field: "text" }] });
    const isAhead = created_at !== undefined && Date.parse(created_at) > this.#world.now + DAY_MS;
    return isAhead ? refused(422, "invalid-request", { errors: [{ field: "created_at" }] }) : null;
  }

  #purge(memo) {
    this.#world.changedAt = this.#world.turns;
    this.memos.delete(memo.id);
    this.#log.push({ id: memo.id, version: memo.version + 1 });
    return { status: 204 };
  }

  #put(memo) {
    const next = this.#keep({ ...memo, version: memo.version + 1 });
    this.#log.push({ id: memo.id, version: next.version });
    return next;
  }

  #keep(memo) {
    this.#world.changedAt = this.#world.turns;
    this.memos.set(memo.id, memo);
    this.states.set(`${memo.id}/${memo.version}`, memo);
    return memo;
  }

  #time() {
    return new Date(this.#world.now).toISOString();
  }
}
