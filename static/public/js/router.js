// From addresses to screens, and back: the browser's history.

import { ROUTES } from "./routes.js";

/**
 * A place in the app: the route, with what the address holds.
 * @typedef {{route: import("./routes.js").Route, params: Record<string, string>, query: URLSearchParams, address: string}} Place
 */
/**
 * What an entry of the history keeps: its name, and for the sign-in where its visitor wanted to go.
 * @typedef {{key?: string, next?: string}} State
 */

/**
 * The place at an address of this site, or null where the app has none.
 * @param {string} address the path, and the query if there is one
 * @returns {Place | null}
 */
export function placeAt(address) {
  if (!/^\/(?!\/)/.test(address)) return null;
  const [path, ...query] = address.split("?");
  for (const route of ROUTES) {
    const params = match(route.path, path);
    if (params) return { route, params, query: new URLSearchParams(query.join("?")), address };
  }
  return null;
}

/**
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | null}
 */
function match(pattern, path) {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  /** @type {Record<string, string>} */
  const params = {};
  for (const [index, segment] of wanted.entries()) {
    const [, name, rest] = /^\{(\w+)(\.\.\.)?\}$/.exec(segment) ?? [];
    const values = given.slice(index, rest ? undefined : index + 1);
    if (!name && segment !== given[index]) return null;
    if (name && (values.length === 0 || values.includes(""))) return null;
    if (name) params[name] = values.map(decode).join("/");
    if (rest) return params;
  }
  return wanted.length === given.length ? params : null;
}

/** @param {string} segment */
function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // Not well-formed: names nothing, as it is.
  }
}

/**
 * Where a visitor of `place` goes instead, or null where they may stay.
 * @param {Place} place
 * @param {boolean} isSignedIn
 * @param {string} [next] where a visitor of the sign-in wanted to go
 * @returns {{address: string, next?: string} | null}
 */
export function detour(place, isSignedIn, next) {
  const { audience } = place.route;
  if (audience === "members" && !isSignedIn) return { address: "/sign-in", next: place.address };
  if (audience === "guests" && isSignedIn) return { address: next && placeAt(next) ? next : "/" };
  return null;
}

/** Fires `change` when another place is to be shown; `detail` is how one got there: "load", "go" or "back". */
export class Router extends EventTarget {
  /** How far down each entry of the history was scrolled.
   * @type {Map<string, number>} */
  #scrolled = new Map();
  #storage;
  #place = /** @type {Place} */ (placeAt("/"));

  /** @param {import("./lib/storage.js").SafeStorage} storage keeps how far down one was through a reload */
  constructor(storage) {
    super();
    this.#storage = storage;
  }

  /** Where one is. */
  get place() {
    return this.#place;
  }

  /** Where a visitor of the sign-in wanted to go. */
  get next() {
    return this.#state.next;
  }

  /** Begins with the page's address. */
  start() {
    history.scrollRestoration = "manual"; // The browser would scroll before the screen is there.
    this.#scrolled = new Map(JSON.parse(this.#storage.get("scrolled") ?? "[]"));
    addEventListener("scroll", () => this.#rememberScroll(), { passive: true });
    addEventListener("pagehide", () => this.#storage.set("scrolled", JSON.stringify([...this.#scrolled])));
    addEventListener("popstate", () => this.#arrive("back"));
    document.addEventListener("click", (event) => this.#follow(event));
    this.#arrive("load");
  }

  /**
   * @param {string} address
   * @param {{replace?: boolean, next?: string}} [options]
   */
  go(address, { replace = false, next } = {}) {
    this.#rememberScroll(); // The event for the last scroll may still be to come.
    const key = replace ? this.#key : newKey();
    /** @type {State} */
    const state = next === undefined ? { key } : { key, next };
    if (replace) history.replaceState(state, "", address);
    else history.pushState(state, "", address);
    this.#arrive("go");
  }

  /** Scrolls to where one was the last time, as far as the page goes by now. */
  restoreScroll() {
    scrollTo({ top: this.#scrolled.get(this.#key) ?? 0, behavior: "instant" });
  }

  /** @param {"load" | "go" | "back"} how */
  #arrive(how) {
    const { key, next } = this.#state;
    if (!key) history.replaceState(next ? { key: newKey(), next } : { key: newKey() }, "");
    const place = placeAt(location.pathname + location.search);
    if (!place || (how === "back" && place.address === this.#place.address)) return; // Within the page.
    this.#place = place;
    this.dispatchEvent(new CustomEvent("change", { detail: how }));
  }

  /** Links to the app's own places are followed without loading the page anew.
   * @param {MouseEvent} event */
  #follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target) return;
    const address = link.pathname + link.search;
    if (link.origin !== location.origin || link.hash || !placeAt(address)) return;
    event.preventDefault();
    this.go(address, { replace: address === this.#place.address });
  }

  #rememberScroll() {
    this.#scrolled.set(this.#key, scrollY);
  }

  /** @returns {State} */
  get #state() {
    return history.state ?? {};
  }

  get #key() {
    return this.#state.key ?? "";
  }
}

let keys = 0;

/** A name that no other entry of this tab's history has. */
const newKey = () => `${Date.now().toString(36)}-${(keys += 1)}`;
