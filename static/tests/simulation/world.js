// One history: who acts next, what time it is and what goes wrong follow from a seed, so a history can be told again.

/** A history that has taken so many turns does not end. */
const TURNS_MAX = 60_000;

export class World {
  /** Virtual time, in milliseconds. */
  now = Date.parse("2026-01-01T00:00:00.000Z");
  turns = 0;
  trace = [];
  #state;
  #waiting = [];
  #error = null;
  #names = 0;

  /** @param {number} seed @param {boolean} [isTraced] */
  constructor(seed, isTraced = false) {
    this.#state = (seed * 2_654_435_761) >>> 0;
    this.isTraced = isTraced;
  }

  /** A number from 0 to below 1 (mulberry32). */
  random = () => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  below = (count) => Math.floor(this.random() * count);
  chance = (probability) => this.random() < probability;
  pick = (list) => list[this.below(list.length)];
  name = (prefix) => `${prefix}${(this.#names += 1)}`;

  tell(...what) {
    if (this.isTraced) this.trace.push(`${this.turns} ${what.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" ")}`);
  }

  /** Waits until it is one's turn. */
  turn() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Begins something that goes on beside the rest. */
  start(work) {
    work().catch((error) => (this.#error ??= error));
  }

  /** Goes on until `isOver`. */
  async run(isOver) {
    while (!isOver()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#error) throw this.#error;
      if (this.#waiting.length === 0) continue;
      this.turns += 1;
      if (this.turns > TURNS_MAX) throw new Error("the history does not end");
      this.now += 1 + this.below(900);
      const next = this.below(this.#waiting.length);
      const [resolve] = this.#waiting.splice(next, 1);
      resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
