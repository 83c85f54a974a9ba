// A device and a server for the service worker: caches, a network, locks and pages, made of maps.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

import { ROUTES } from "../public/js/routes.js";

const SOURCE = readFileSync(new URL("../public/service-worker.js", import.meta.url), "utf8");
const PLACE = 'const SHELL = { release: "", files: {}, routes: [] };';
const ORIGIN = "https://memo.example";
/** The files of a small site, by the hashes of their content. */
export const FILES = { "/": "i1", "/404": "n1", "/problems": "p1", "/js/app.js": "a1", "/style.css": "s1" };
/** The app's own paths. */
export const ROUTE_PATHS = ROUTES.map(({ path }) => path);

/** A copy that knows where it came from, as a browser's does. @param {Response} response */
function copy(response) {
  return Object.defineProperty(response.clone(), "url", { value: response.url });
}

class FakeCaches {
  /** @type {Map<string, Map<string, Response>>} */
  all = new Map();

  async open(name) {
    if (!this.all.has(name)) this.all.set(name, new Map());
    const kept = this.all.get(name);
    return {
      match: async (path) => (kept.has(path) ? copy(kept.get(path)) : undefined),
      put: async (path, response) => kept.set(path, copy(response)),
    };
  }

  async match(path, { cacheName } = {}) {
    const caches = cacheName ? [this.all.get(cacheName)] : [...this.all.values()];
    const kept = caches.find((cache) => cache?.has(path))?.get(path);
    return kept && copy(kept);
  }

  async keys() {
    return [...this.all.keys()];
  }

  async delete(name) {
    return this.all.delete(name);
  }
}

/** A device and a server: `served` holds what the server answers with by its path, a text or a status. */
export class World {
  caches = new FakeCaches();
  /** @type {Map<string, string | number>} */
  served = new Map();
  /** @type {string[]} */
  asked = [];
  /** @type {string[]} */
  locks = [];
  isOnline = true;
  registration = { installing: null, waiting: null, isGone: false };
  /** @type {string[]} */
  deeds = [];

  /** Lets the server have a release, and nothing of another one. */
  deploy(release, files = FILES) {
    this.served.clear();
    for (const [path, hash] of Object.entries(files)) this.served.set(`/release/${release}${path}`, hash);
    this.served.set("/service-worker.js", "worker");
  }

  /** Starts a release's worker. */
  start(release, files = FILES) {
    const handlers = new Map();
    const self = {
      addEventListener: (kind, handler) => handlers.set(kind, handler),
      location: new URL(`${ORIGIN}/service-worker.js`),
      skipWaiting: async () => this.deeds.push(`${release} skips waiting`),
      clients: { claim: async () => this.deeds.push(`${release} claims`) },
      registration: Object.assign(this.registration, { unregister: async () => (this.registration.isGone = true) }),
    };
    const source = SOURCE.replace(PLACE, `const SHELL = ${JSON.stringify({ release, files, routes: ROUTE_PATHS })};`);
    assert.notEqual(source, SOURCE);
    const context = createContext({
      self, URL, Response, Set, Object, Promise,
      caches: this.caches,
      fetch: (request) => this.fetch(request),
      navigator: { locks: { query: async () => ({ held: this.locks.map((name) => ({ name })) }) } },
    });
    runInContext(source, context);
    return {
      /** Lets something happen, waits for all that it brings about, and returns what was answered, if it was. */
      async tell(kind, event = {}) {
        let answer = null;
        const waits = [];
        const respondWith = (promise) => {
          answer = promise;
          waits.push(promise.catch(() => {}));
        };
        handlers.get(kind)({ waitUntil: (promise) => waits.push(promise), respondWith, ...event });
        for (let next = 0; next < waits.length; next += 1) await waits[next];
        return answer;
      },
      /** What it answers, or null where it leaves the answer to others. */
      ask(path, { mode = "cors", method = "GET", origin = ORIGIN } = {}) {
        return this.tell("fetch", { request: { url: origin + path, mode, method } });
      },
      visit(path) {
        return this.ask(path, { mode: "navigate" });
      },
    };
  }

  /** Starts a release's worker and lets it take over. */
  async install(release, files = FILES) {
    this.deploy(release, files);
    const worker = this.start(release, files);
    await worker.tell("install");
    await worker.tell("activate");
    this.asked.length = 0;
    return worker;
  }

  async fetch(request) {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    this.asked.push(path);
    if (!this.isOnline) throw new TypeError("Failed to fetch");
    const served = this.served.get(path) ?? 404;
    if (typeof served === "number") return new Response("nothing", { status: served });
    const response = new Response(`${served} at ${path}`, { headers: { etag: `"${served}-br"` } });
    Object.defineProperty(response, "url", { value: ORIGIN + path });
    return response;
  }

  paths(cache) {
    return [...(this.caches.all.get(cache)?.keys() ?? [])];
  }
}
