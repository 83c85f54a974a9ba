// A device: its storage, which survives a crash, its way to the server, which does not always lead there, and its engines.

import { Problem, SignedOut, Unreachable } from "../../public/js/lib/api.js";
import { thrown } from "./server.js";

const HOUR_MS = 60 * 60 * 1000;

const freeze = (value) => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
};

/** Whether it is a text that had no place in its memo, and has one of its own, with words that both have. */
function isCopy(record, keys, found) {
  if (record.id !== null || record.refusal || record.undated || record.conflict) return false;
  if (keys.includes(record.key)) return found.get(record.key)?.sending && !record.sending;
  return ![...found.values()].some(({ text }) => text === record.text);
}

/** What is kept, with turns of others before and after each write, in one of which it may crash. */
export class Storage {
  #records = new Map();
  #place;
  #device;

  constructor(device, place) {
    this.#device = device;
    this.#place = place;
  }

  /** The same storage as what a tab that was opened now sees of it. */
  opened(life) {
    const same = Object.create(this);
    same.all = () => this.#records.values();
    same.place = () => this.#place;
    same.update = (keys, work) => this.#update(keys, work, life);
    return same;
  }

  all() {
    return this.#records.values();
  }

  place() {
    return this.#place;
  }

  async #update(keys, work, life) {
    await this.#device.turn(life);
    const found = new Map(keys.filter((key) => this.#records.has(key)).map((key) => [key, this.#records.get(key)]));
    const { put = [], remove = [], place } = work(found, this.#place);
    for (const key of remove) this.#records.delete(key);
    for (const record of put) {
      if (record === undefined || this.#device.judge.isWrong(record)) throw new Error(`wrong: ${JSON.stringify(record)}`);
      if (keys.length > 0 && isCopy(record, keys, found)) this.#device.judge.doubled(record.text);
      this.#records.set(record.key, freeze(structuredClone(record)));
    }
    if (put.length > 0 || remove.length > 0) this.#device.world.changedAt = this.#device.world.turns;
    if (place) this.#place = freeze({ ...place });
    this.#device.world.tell(this.#device.name, "keeps", put.map(({ key, id, text, sending, base, conflict, trashed_at }) => [key, id, text, sending, base?.version, base?.text, conflict, trashed_at]), "removes", remove, place ?? "");
    await this.#device.turn(life);
  }
}

export class Device {
  isOnline = true;
  hasToken = true;
  /** How far its clock is ahead, in milliseconds. */
  skew = 0;
  /** Counts its crashes. */
  life = 0;
  /** When an engine last had nothing to do, by its name. */
  rested = new Map();

  constructor(name, world, server, judge, code) {
    Object.assign(this, { name, world, server, judge, code });
    this.own = new Storage(this, code.START);
    this.guest = new Storage(this, code.START);
    this.isGuest = world.chance(0.3);
  }

  /** Waits for a turn. Whoever was there before a crash waits for ever. */
  async turn(life) {
    await this.world.turn();
    if (life !== this.life) await new Promise(() => {});
  }

  now = () => this.world.now + this.skew;
  newKey = () => this.world.name("k");

  /** What the person works on. */
  get storage() {
    return this.isGuest ? this.guest : this.own;
  }

  crash() {
    this.world.tell(this.name, "crashes");
    this.life += 1;
    this.rested.clear();
    this.begin();
  }

  /** Starts what runs while the page is open; sometimes two tabs both think that they are the one that syncs. */
  begin() {
    const { life, world } = this;
    world.start(async () => {
      if (!this.isGuest) await this.code.adopt(this.guest.opened(life), this.own.opened(life), () => ({ now: this.now(), newKey: this.newKey }));
      for (let tab = world.chance(0.1) ? 2 : 1; tab > 0; tab -= 1) world.start(() => this.#sync(`${this.name}${tab}`, life));
    });
  }

  /** The guest signs in. */
  signIn() {
    if (!this.isGuest) return;
    this.world.tell(this.name, "signs in");
    this.isGuest = false;
    this.crash();
    // Just then, of all times.
    if (this.world.chance(0.3)) this.#later(15, () => this.crash());
  }

  /** Does something within so many turns. */
  #later(most, work) {
    this.world.start(async () => {
      for (let turns = this.world.below(most); turns > 0; turns -= 1) await this.world.turn();
      await Promise.resolve().then(work).catch((error) => {
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      });
    });
  }

  async #sync(name, life) {
    const { Engine } = this.code;
    const ports = { storage: this.own.opened(life), api: this.#api(life), now: this.now, newKey: this.newKey, random: this.world.random };
    const engine = new Engine(ports);
    this.rested.set(name, -1);
    for (;;) {
      if (this.isGuest) await new Promise(() => {});
      const standing = await engine.step();
      this.world.tell(name, standing);
      const isQuiet = standing.phase === "resting" && standing.wait === null && engine.isAtEnd;
      if (isQuiet) this.rested.set(name, this.world.turns);
      await this.turn(life);
      if (standing.phase === "signed-out") this.hasToken ||= this.world.chance(0.3) || this.world.isEnding;
      if (standing.phase === "signed-out" && this.hasToken) engine.wake();
      else if (standing.phase === "resting") engine.look();
      else if (standing.phase !== "working" && this.world.chance(0.3)) engine.wake();
    }
  }

  #api(life) {
    const call = (work) => this.#call(work, life);
    return {
      send: async (operations) => {
        const results = [];
        const sentAt = this.world.now;
        await call(async () => {
          for (const operation of operations) {
            if (results.length > 0) await this.turn(life);
            // No request is on its way for days.
            if (this.world.now - sentAt > HOUR_MS) throw new Unreachable("too late");
            results.push(this.#thinned(this.#handle(operation)));
          }
        });
        return results;
      },
      changes: (cursor) => call(() => this.server.changes(cursor)),
      read: (id) => call(() => this.server.read(id)),
      version: (id, version) => call(() => this.server.version(id, version)),
    };
  }

  #handle(operation) {
    if (this.world.chance(this.world.trouble / 2)) {
      const status = this.world.pick([409, 503, 500]);
      return { status, problem: { type: status === 409 ? "/problems#conflict" : "/problems#unavailable" } };
    }
    const result = this.server.handle(operation);
    this.world.tell(this.name, operation, "gets", result.status, result.problem?.type ?? "");
    return result;
  }

  /** An answer may leave out the memo for its length. */
  #thinned(result) {
    const thinned = structuredClone(result);
    if (this.world.chance(0.2)) {
      delete thinned.memo;
      delete thinned.problem?.current;
    }
    return thinned;
  }

  async #call(work, life) {
    const { world } = this;
    await this.turn(life);
    if (!this.isOnline) throw new Unreachable("offline");
    if (world.chance(world.loss)) {
      // The request may come too late for us, and be carried out all the same.
      if (world.chance(0.3)) this.#later(30, work);
      await this.turn(life);
      throw new Unreachable("the request got lost");
    }
    if (!this.hasToken) throw world.chance(0.5) ? new SignedOut() : thrown(401, "unauthorized");
    if (world.chance(world.trouble)) throw thrown(...world.pick([[503, "unavailable", 3], [429, "too-many-requests", 5], [500, "internal"], [413, "body-too-large"]]));
    const answer = await work();
    await this.turn(life);
    if (!this.isOnline || world.chance(world.loss)) throw new Unreachable("the answer got lost");
    return structuredClone(answer);
  }
}
