// The memos of one person in this browser's database. What was written is there after a crash, as far as the browser can.

import { Connection, MEMOS, META } from "./connection.js";

/** @typedef {import("../sync/engine.js").Outcome} Outcome */
/** @typedef {import("../sync/place.js").Place} Place */
/** @typedef {import("../sync/record.js").MemoRecord} MemoRecord */
/**
 * Where memos are kept. `update` reads, lets `work` decide without waiting, and writes, at once or not at all.
 * @typedef {object} Database
 * @property {boolean} isKept whether it outlasts the page
 * @property {() => Promise<{records: MemoRecord[], place: Place | undefined}>} load
 * @property {(keys: string[]) => Promise<{records: MemoRecord[], place: Place | undefined}>} read
 * @property {() => Promise<MemoRecord[]>} front what was kept to be seen first
 * @property {(keys: string[]) => Promise<void>} keepFront
 * @property {(keys: string[], work: (records: Map<string, MemoRecord>, place: Place | undefined) => Outcome) => Promise<Outcome>} update
 * @property {() => Promise<void>} clear forgets everything
 * @property {() => void} close
 */

const PLACE = "place";
const FRONT = "front";

/** So many memos are taken over in a few milliseconds. */
const PIECE = 500;

/** Opens somebody's database. Rejects where the browser has none, or keeps it from this page.
 * @param {string} name
 * @returns {Promise<Database>} */
export async function openDatabase(name) {
  const connection = new Connection(name);
  await connection.open();
  return {
    isKept: true,
    load: async () => loaded(await connection.open(), allOf),
    read: async (keys) => loaded(await connection.open(), (memos) => those(memos, keys)),
    async front() {
      const transaction = (await connection.open()).transaction([MEMOS, META], "readonly");
      const keys = await done(transaction.objectStore(META).get(FRONT));
      return (await those(transaction.objectStore(MEMOS), keys ?? [])).map(unpacked);
    },
    async keepFront(keys) {
      const transaction = (await connection.open()).transaction(META, "readwrite", { durability: "relaxed" });
      transaction.objectStore(META).put(keys, FRONT);
      await ended(transaction);
    },
    update: async (keys, work) => updated(await connection.open(), keys, work),
    async clear() {
      const transaction = (await connection.open()).transaction([MEMOS, META], "readwrite", { durability: "strict" });
      transaction.objectStore(MEMOS).clear();
      transaction.objectStore(META).clear();
      await ended(transaction);
    },
    close: () => connection.end(),
  };
}

/** @param {IDBDatabase} database @param {(memos: IDBObjectStore) => Promise<any[]>} find */
async function loaded(database, find) {
  const transaction = database.transaction([MEMOS, META], "readonly");
  const place = done(transaction.objectStore(META).get(PLACE));
  const records = await find(transaction.objectStore(MEMOS));
  return { records: records.map(unpacked), place: await place };
}

/** @param {IDBObjectStore} memos @param {string[]} keys */
async function those(memos, keys) {
  const found = await Promise.all(keys.map((key) => done(memos.get(key))));
  return found.filter((record) => record !== undefined);
}

/** All there are, as they were when it began, in pieces: key presses come between them.
 * @param {IDBObjectStore} memos */
async function allOf(memos) {
  const all = [];
  for (let piece = await done(memos.getAll(null, PIECE)); ; ) {
    for (const record of piece) all.push(record);
    if (piece.length < PIECE) return all;
    piece = await done(memos.getAll(IDBKeyRange.lowerBound(piece.at(-1).key, true), PIECE));
  }
}

/** @param {IDBDatabase} database @param {string[]} keys
 * @param {(records: Map<string, MemoRecord>, place: Place | undefined) => Outcome} work @returns {Promise<Outcome>} */
async function updated(database, keys, work) {
  const transaction = database.transaction([MEMOS, META], "readwrite", { durability: "strict" });
  const end = ended(transaction);
  const memos = transaction.objectStore(MEMOS);
  /** @type {Outcome} */
  let outcome = {};
  try {
    // The transaction stays open as long as nothing but its own requests is waited for.
    const place = done(transaction.objectStore(META).get(PLACE));
    const there = (await those(memos, [...new Set(keys)])).map(unpacked);
    const records = new Map(there.map((record) => [record.key, record]));
    outcome = work(records, await place);
    for (const key of outcome.remove ?? []) memos.delete(key);
    for (const record of outcome.put ?? []) memos.put(packed(record));
    if (outcome.place) transaction.objectStore(META).put(outcome.place, PLACE);
    transaction.commit();
  } catch (error) {
    end.catch(() => {}); // This error says more.
    abort(transaction);
    throw error;
  }
  await end;
  return outcome;
}

/** Most memos are as the server has them: their text is stored once, and the next visit reads half as much.
 * @param {MemoRecord} record */
const packed = (record) =>
  record.base?.text === record.text ? { ...record, base: { ...record.base, text: null } } : record;

/** @param {any} record @returns {MemoRecord} */
const unpacked = (record) => (record.base?.text === null ? { ...record, base: { ...record.base, text: record.text } } : record);

/** @param {IDBTransaction} transaction */
function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const ended = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

/** Removes somebody's database, as soon as no tab has it open any more.
 * @param {string} name */
export function removeDatabase(name) {
  indexedDB.deleteDatabase(name);
}

/** A database for as long as the page is open, where the browser has none.
 * @returns {Database} */
export function memoryDatabase() {
  /** @type {Map<string, MemoRecord>} */
  const memos = new Map();
  /** @type {Place | undefined} */
  let place;
  const found = (/** @type {string[]} */ keys) => keys.flatMap((key) => memos.get(key) ?? []);
  return {
    isKept: false,
    load: async () => ({ records: [...memos.values()], place }),
    read: async (keys) => ({ records: found(keys), place }),
    front: async () => [],
    keepFront: async () => {},
    async update(keys, work) {
      const outcome = work(new Map(found(keys).map((record) => [record.key, record])), place);
      for (const key of outcome.remove ?? []) memos.delete(key);
      for (const record of outcome.put ?? []) memos.set(record.key, record);
      place = outcome.place ?? place;
      return outcome;
    },
    async clear() {
      memos.clear();
      place = undefined;
    },
    close() {},
  };
}
