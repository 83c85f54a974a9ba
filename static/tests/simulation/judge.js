// What must be true. Every word that is ever written has a name of its own: w1, w2 and so on. So it can be seen whether one
// is missing, or there twice.

const wordsOf = (text) => text.match(/w\d+/g) ?? [];

export class Judge {
  /** Words that were written, and told to be kept. */
  #entered = new Set();
  /** Words that somebody took away who saw them. */
  #removed = new Set();
  /** Words that somebody wanted twice. */
  #doubled = new Set();
  #server;
  #statusOf;

  constructor(server, statusOf) {
    this.#server = server;
    this.#statusOf = statusOf;
  }

  /** A text has become another one by the will of somebody who saw the first. */
  wrote(before, after) {
    const [old, next] = [new Set(wordsOf(before)), new Set(wordsOf(after))];
    for (const word of next) if (!old.has(word)) this.#entered.add(word);
    for (const word of old) if (!next.has(word)) this.#removed.add(word);
  }

  removed(text) {
    for (const word of wordsOf(text)) this.#removed.add(word);
  }

  doubled(text) {
    for (const word of wordsOf(text)) this.#doubled.add(word);
  }

  /** Whether a memo is said to be saved that is not. */
  isWrong(record) {
    if (this.#statusOf(record) !== "saved") return false;
    const state = this.#server.states.get(`${record.id}/${record.base.version}`);
    const isSame = state?.text === record.text && state.pinned === record.pinned && state.archived === record.archived;
    return !isSame || (state.trashed_at === null) !== (record.trashed_at === null);
  }

  /** When all is quiet: no word is missing. */
  checkWords(devices) {
    const there = new Set([...this.#server.memos.values()].flatMap(({ text }) => wordsOf(text)));
    for (const device of devices) {
      for (const record of [...device.own.all(), ...device.guest.all()]) {
        const isShown = this.#statusOf(record) !== "saved";
        if (isShown) for (const word of wordsOf(`${record.text} ${record.conflict?.theirs ?? ""}`)) there.add(word);
      }
    }
    for (const word of this.#entered) {
      if (!there.has(word) && !this.#removed.has(word)) throw new Error(`${word} is missing`);
    }
  }

  /** When all is quiet and decided: everybody has the same, and nothing twice. */
  checkSame(devices) {
    const counts = new Map();
    for (const { text } of this.#server.memos.values()) {
      for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    for (const [word, count] of counts) {
      if (count > 1 && !this.#doubled.has(word)) throw new Error(`${word} is there ${count} times`);
    }
    const right = listing([...this.#server.memos.values()]);
    for (const device of devices) {
      const records = [...device.own.all()];
      const open = records.find((record) => this.#statusOf(record) !== "saved");
      if (open) throw new Error(`${device.name} has not saved ${JSON.stringify(open)}`);
      const has = listing(records.map(({ base, ...record }) => ({ ...record, version: base.version })));
      if (has !== right) throw new Error(`${device.name} has\n${has}\nand the server\n${right}`);
    }
  }
}

const listing = (memos) =>
  memos.map(({ id, text, pinned, archived, trashed_at, version }) => JSON.stringify([id, version, text, pinned, archived, trashed_at !== null])).sort().join("\n");
