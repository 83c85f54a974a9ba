// Sends what is only on this device, in the order in which it was changed first. A request is kept before it is sent, and
// sent again as it is until it is known what became of it, so nothing is done twice.

import { isProblem, Problem } from "../../lib/api.js";
import { frozen, planOf } from "./plan.js";
import { lost } from "./rebase.js";
import { answered, isPassing, met, sentState, slugOf } from "./settle.js";

/** @typedef {import("./engine.js").Change} Change */
/** @typedef {import("./engine.js").Operation} Operation */
/** @typedef {import("./engine.js").Outcome} Outcome */
/** @typedef {import("./engine.js").Ports} Ports */
/** @typedef {import("./record.js").Memo} Memo */
/** @typedef {import("./record.js").MemoRecord} MemoRecord */
/** @typedef {import("./record.js").Sending} Sending */
/** @typedef {import("./settle.js").Result} Result */
/** A memo with its request. @typedef {MemoRecord & {sending: Sending}} SendingRecord */
/** What is known of a request: its answer, or the memo as it is, and whether the request is among what led to that.
 * @typedef {{result: Result} | {memo: Memo | null, isCarriedOut: boolean | null}} Fate */

/** The service's bounds of one request, the second with room for what is around the texts. */
const OPERATIONS_MAX = 100;
const BYTES_MAX = 900_000;
/** How long to wait before asking again for what there was no room for. */
const QUOTA_MS = 10 * 60 * 1000;

export class Outbox {
  #ports;
  #patience;
  /** Where a whole batch was refused, its operations go one by one. */
  #width = OPERATIONS_MAX;

  /** @param {Ports} ports @param {import("./patience.js").Patience} patience */
  constructor(ports, patience) {
    this.#ports = ports;
    this.#patience = patience;
  }

  /** Sends again what was sent and not answered. Tells whether there was something. */
  async resend() {
    const keys = this.#next(({ sending }) => sending !== null);
    if (keys.length > 0) await this.#send(keys, again);
    return keys.length > 0;
  }

  /** Sends what is new. Tells whether there was something. */
  async send() {
    const { now, newKey } = this.#ports;
    const keys = this.#next((record) => !record.sending && planOf(record) !== null);
    if (keys.length > 0) await this.#send(keys, (record) => (record.sending ? null : frozen(record, newKey(), now())));
    return keys.length > 0;
  }

  /** Whether it is not known of some request what became of it. */
  hasUnanswered() {
    return [...this.#ports.storage.all()].some(({ sending }) => sending !== null);
  }

  /** How long until something may be tried again, in milliseconds; null where nothing waits. */
  wait() {
    let shortest = Infinity;
    for (const record of this.#ports.storage.all()) {
      const open = reopened(record);
      if (open && (open.sending || planOf(open))) shortest = Math.min(shortest, this.#patience.waitOf(record.key));
    }
    return shortest === Infinity ? null : shortest;
  }

  /** Finds out about a memo by its name.
   * @param {MemoRecord} record */
  async look({ key, id }) {
    const { storage } = this.#ports;
    const memo = id === null ? null : await this.#read(id);
    await storage.update([key], (records, place) => {
      const found = records.get(key);
      if (found?.id !== id || !found) return {};
      const next = this.#fated(found, { memo, isCarriedOut: null });
      return replaced([found], next.map((one) => (one.key === key ? seenIn(one, place) : one)));
    });
  }

  /** Whether requests are among what led to what the feed tells, by their names, as far as that is known.
   * @param {Change[]} changes */
  async carriedOut(changes) {
    /** @type {Map<string, boolean | null>} */
    const known = new Map();
    const byId = new Map(changes.map((change) => [change.id, change.memo]));
    for (const record of this.#ports.storage.all()) {
      const memo = record.id === null ? undefined : byId.get(record.id);
      if (memo && record.sending) known.set(record.sending.nonce, await this.#isCarriedOut(record, memo));
    }
    return known;
  }

  /** The memos whose turn it is, as many as one request takes.
   * @param {(record: MemoRecord) => boolean} isDue */
  #next(isDue) {
    /** @type {MemoRecord[]} */
    const due = [];
    for (const record of this.#ports.storage.all()) {
      const open = record.queued === null ? null : reopened(record);
      if (open && isDue(open) && this.#patience.waitOf(record.key) === 0) due.push(record);
    }
    due.sort((one, other) => (one.queued ?? 0) - (other.queued ?? 0) || (one.key < other.key ? -1 : 1));
    let bytes = 0;
    const fitting = due.slice(0, this.#width).filter((record, index) => {
      bytes += 6 * record.text.length + 500; // A letter is at most so many bytes in JSON.
      return index === 0 || bytes <= BYTES_MAX;
    });
    return fitting.map(({ key }) => key);
  }

  /** Keeps the requests of these memos, sends them, and keeps what came of them.
   * @param {string[]} keys @param {(record: MemoRecord) => MemoRecord | null} prepare */
  async #send(keys, prepare) {
    const { storage, api } = this.#ports;
    /** @type {SendingRecord[]} */
    let sent = [];
    await storage.update(keys, (records) => {
      const open = keys.flatMap((key) => records.get(key) ?? []).flatMap((record) => reopened(record) ?? []);
      sent = /** @type {SendingRecord[]} */ (open.map(prepare).filter((record) => record?.sending));
      return { put: sent };
    });
    if (sent.length === 0) return;
    const results = await this.#request(sent, api);
    if (!results) return;
    /** @type {Map<string, {nonce: string, fate: Fate}>} */
    const fates = new Map();
    for (const [index, record] of sent.entries()) {
      const fate = await this.#fateOf(record, results[index]);
      if (fate) fates.set(record.key, { nonce: record.sending.nonce, fate });
    }
    await this.#keep(fates);
  }

  /** @param {SendingRecord[]} sent @param {import("./engine.js").Api} api */
  async #request(sent, api) {
    try {
      const results = await api.send(sent.map(operationOf));
      this.#width = Math.min(this.#width * 2, OPERATIONS_MAX);
      return results;
    } catch (error) {
      const isTooMuch = error instanceof Problem && !isPassing({ status: error.status, problem: error.members });
      if (!isTooMuch || sent.length === 1) throw error;
      this.#width = 1;
      return null;
    }
  }

  /** What is known of a request by its result; null where it has to be sent again.
   * @param {SendingRecord} record @param {Result} result @returns {Promise<Fate | null>} */
  async #fateOf(record, result) {
    if (isPassing(result)) {
      this.#patience.delay(record.key);
      return null;
    }
    if (slugOf(result) === "quota-exceeded") this.#patience.delay(record.key, QUOTA_MS);
    else this.#patience.release(record.key);
    const id = record.id ?? result.id;
    const isLeftOut = result.status < 300 && record.sending.method === "POST" && !result.memo && result.version !== 1;
    if (isLeftOut && id !== undefined) {
      const memo = await this.#read(id);
      return memo ? { result: { ...result, memo } } : { result: { status: 404, problem: { type: "#not-found" } } };
    }
    if (id === undefined || (result.status !== 412 && slugOf(result) !== "in-trash")) return { result };
    const memo = result.problem?.current ?? (await this.#read(id));
    // Only a request that had no answer may have been carried out by now.
    const isFirst = record.sending.tries === 1;
    return { memo, isCarriedOut: isFirst || memo === null ? false : await this.#isCarriedOut(record, memo) };
  }

  /** @param {string} id @returns {Promise<Memo | null>} */
  async #read(id) {
    try {
      return await this.#ports.api.read(id);
    } catch (error) {
      if (isProblem(error, "not-found")) return null;
      throw error;
    }
  }

  /** Whether the memo's text was the one that was sent, before it was changed again; null where that is not known.
   * @param {MemoRecord} record @param {Memo} memo @returns {Promise<boolean | null>} */
  async #isCarriedOut(record, memo) {
    const sent = sentState(record);
    if (!sent || !record.sending?.body?.text || memo.version <= sent.version) return null;
    try {
      return (await this.#ports.api.version(memo.id, sent.version)).text === sent.text;
    } catch (error) {
      if (isProblem(error, "not-found")) return null;
      throw error;
    }
  }

  /** @param {Map<string, {nonce: string, fate: Fate}>} fates by the keys of the memos */
  async #keep(fates) {
    const { storage } = this.#ports;
    const ids = new Set([...fates.values()].map(({ fate }) => ("result" in fate ? fate.result.memo?.id ?? fate.result.id : undefined)));
    const twins = [...storage.all()].filter(({ id }) => id !== null && ids.has(id)).map(({ key }) => key);
    await storage.update([...new Set([...fates.keys(), ...twins])], (records, place) => {
      /** @type {MemoRecord[]} */
      const before = [];
      /** @type {MemoRecord[]} */
      const after = [];
      for (const [key, { nonce, fate }] of fates) {
        const record = records.get(key);
        if (record?.sending?.nonce !== nonce || !record) continue; // Another tab was faster.
        const next = this.#fated(record, fate).map((one) => (one.key === key ? seenIn(one, place) : one));
        const [named, twin] = withoutTwin(next, records);
        before.push(record, ...twin);
        after.push(...named);
      }
      return replaced(before, after);
    });
  }

  /** @param {MemoRecord} record @param {Fate} fate */
  #fated(record, fate) {
    const world = { now: this.#ports.now(), newKey: this.#ports.newKey };
    if ("result" in fate) return answered(record, fate.result, world);
    return fate.memo ? met(record, fate.memo, fate.isCarriedOut, world) : lost({ ...record, sending: null }, world);
  }
}

/** The memo as it may be tried: where there was no room, there may be by now. Null where it was refused for other reasons.
 * @param {MemoRecord} record */
function reopened(record) {
  if (!record.refusal) return record;
  return record.refusal.slug === "quota-exceeded" ? { ...record, refusal: null } : null;
}

/** The memo with its request once more.
 * @param {MemoRecord} record */
const again = (record) => record.sending && { ...record, sending: { ...record.sending, tries: record.sending.tries + 1 } };

/** The memo as it was seen on the server. Before a reading of everything has begun that does not count: by then it may be
 * gone again, and the reading would not tell.
 * @param {MemoRecord} record @param {import("./place.js").Place} place @returns {MemoRecord} */
const seenIn = (record, place) => (place.cursor === null ? record : { ...record, pass: place.pass });

/** @param {SendingRecord} record @returns {Operation} */
function operationOf({ id, sending: { method, if_match, body, nonce } }) {
  if (method === "POST") return { method, body, idempotency_key: nonce };
  return { method, id: id ?? "", if_match, ...(body && { body }) };
}

/** The same memo may have come by the feed before its create was answered. Then one of the two goes: that one, unless it
 * was changed since.
 * @param {MemoRecord[]} next a memo that has just got its name, and what else came of it
 * @param {Map<string, MemoRecord>} records
 * @returns {[MemoRecord[], MemoRecord[]]} what stays of them, and the other one where that goes */
function withoutTwin(next, records) {
  const [memo, ...others] = next;
  const twin = [...records.values()].find((record) => memo && record.id === memo.id && record.id !== null && record.key !== memo.key);
  if (!twin) return [next, []];
  const isChanged = twin.queued !== null || twin.sending !== null || twin.conflict !== null;
  if (!isChanged) return [next, [twin]];
  const isNothingNew = memo.text === memo.base?.text || memo.text === twin.text;
  return [isNothingNew ? others : [{ ...memo, id: null, base: null }, ...others], []];
}

/** @param {MemoRecord[]} before @param {MemoRecord[]} after @returns {Outcome} */
function replaced(before, after) {
  const kept = new Set(after.map(({ key }) => key));
  return { put: after, remove: before.map(({ key }) => key).filter((key) => !kept.has(key)) };
}
