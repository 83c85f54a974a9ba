// The same change to many memos, in few requests.

import { isProblem, Problem, SignedOut, Unreachable } from "../lib/api.js";
import { inTrash } from "./memos.js";

/** @typedef {import("./memo-service.js").Memo} Memo */
/** @typedef {import("./memo-service.js").Operation} Operation */
/** @typedef {import("./memo-service.js").Result} Result */
/** @typedef {import("./memos.js").MemoStore} MemoStore */
/**
 * What is to be done to a memo as it is by now: changes, the trash, or nothing because it is as it should be.
 * @typedef {(memo: Memo) => import("./memo-service.js").Changes | "trash" | null} Plan
 */
/** What came of it: those memos that were changed, as they were before; and those that were not, with why.
 * @typedef {{before: Map<string, Memo>, failed: Map<string, unknown>}} Outcome */

/** The service's bounds of one request, the second with room for what is around the texts. */
const OPERATIONS_MAX = 100;
const BYTES_MAX = 900_000;
/** How often it is tried where a memo was changed elsewhere, or no answer came. */
const ROUNDS = 4;
const PAUSE_MS = 700;

export class Many {
  #store;
  #service;

  /** @param {MemoStore} store @param {Pick<import("./memo-service.js").MemoService, "batch">} service */
  constructor(store, service) {
    this.#store = store;
    this.#service = service;
  }

  /**
   * Does to each memo what `plan` says. A change is tied to the version that it was planned for, so a request whose
   * answer got lost can be sent again: what has happened is then found to be as it should be.
   * @param {string[]} ids memos that the store knows
   * @param {Plan} plan
   * @returns {Promise<Outcome>}
   */
  async change(ids, plan) {
    /** @type {Outcome} */
    const outcome = { before: new Map(), failed: new Map() };
    let open = ids;
    for (let round = 1; open.length > 0 && round <= ROUNDS; round += 1) {
      /** @type {string[]} */
      const again = [];
      for (const operations of this.#chunks(open, plan, outcome)) {
        again.push(...(await this.#send(operations, outcome)));
      }
      if (again.length > 0 && again.every((id) => outcome.failed.get(id) instanceof Unreachable)) await pause();
      open = again;
    }
    for (const id of outcome.failed.keys()) outcome.before.delete(id);
    return outcome;
  }

  /** The operations that are left to do, in as many parts as the service's bounds make of them.
   * @param {string[]} ids @param {Plan} plan @param {Outcome} outcome */
  #chunks(ids, plan, outcome) {
    /** @type {Operation[][]} */
    const chunks = [];
    let bytes = Infinity;
    for (const id of ids) {
      const memo = this.#store.get(id);
      const planned = memo && plan(memo);
      if (!memo || !planned) {
        if (memo) outcome.failed.delete(id);
        continue;
      }
      if (!outcome.before.has(id)) outcome.before.set(id, memo);
      const operation = operationOf(memo, planned);
      const size = new TextEncoder().encode(JSON.stringify(operation)).length + 1;
      if (bytes + size > BYTES_MAX || chunks[chunks.length - 1].length === OPERATIONS_MAX) {
        chunks.push([]);
        bytes = 0;
      }
      chunks[chunks.length - 1].push(operation);
      bytes += size;
    }
    return chunks;
  }

  /** Returns the ids of what may be tried again.
   * @param {Operation[]} operations @param {Outcome} outcome */
  async #send(operations, outcome) {
    let results;
    try {
      ({ results } = await this.#service.batch(operations));
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      for (const { id } of operations) outcome.failed.set(id, error);
      return error instanceof Unreachable ? operations.map(({ id }) => id) : [];
    }
    /** @type {string[]} */
    const again = [];
    for (const [index, operation] of operations.entries()) {
      if (this.#learn(operation, results[index], outcome)) again.push(operation.id);
    }
    this.#store.changed();
    return again;
  }

  /** Takes what came of one operation. Tells whether it may be tried again.
   * @param {Operation} operation @param {Result} result @param {Outcome} outcome */
  #learn({ id, method }, { status, memo, problem }, outcome) {
    const known = this.#store.get(id);
    if (status < 300) {
      outcome.failed.delete(id);
      if (memo) this.#store.learnOutcome(memo);
      else if (method === "DELETE" && known) this.#store.learnOutcome(inTrash(known));
      return false;
    }
    const error = new Problem(status, problem);
    outcome.failed.set(id, error);
    if (status === 404) this.#store.forget(id);
    if (problem?.current) this.#store.learnOutcome(problem.current);
    return status === 412 || isProblem(error, "conflict");
  }
}

/** @param {Memo} memo @param {NonNullable<ReturnType<Plan>>} planned @returns {Operation} */
function operationOf({ id, version }, planned) {
  if (planned === "trash") return { method: "DELETE", id, if_match: version };
  return { method: "PATCH", id, if_match: version, body: planned };
}

const pause = () => new Promise((resume) => setTimeout(resume, PAUSE_MS));
