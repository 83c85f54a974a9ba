// The page's part of keeping the site on the device: it registers the service worker, holds on to its own release, and
// offers to load the next one. See service-worker.js.

import { hideOffer, showOffer } from "../screens/release/release-offer.js";

/** The one policy of trusted types: whatever it is asked for, there is this one script. */
const POLICY = "service-worker";
const WORKER = "/service-worker.js";

/** How often to look for another release, in milliseconds. The browser looks by itself when a page is loaded. */
const LOOK_MS = 60 * 60 * 1000;

/** The release that this page is of. Without one, as in `make dev`, nothing is kept. */
const [, release] = /^\/release\/([^/]+)\//.exec(new URL(import.meta.url).pathname) ?? [];

/** Starts it. Where the browser refuses, as in some private windows, the site comes from the server each time. */
export async function startShell() {
  const container = navigator.serviceWorker;
  if (!release || !container) return;
  holdRelease();
  const ask = () => container.controller?.postMessage({ ask: "release" });
  container.addEventListener("message", ({ data }) => hear(data));
  container.addEventListener("controllerchange", ask);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  ask();
  try {
    const registration = await container.getRegistration();
    // A page with a worker that is not registered any more: the server is just taking it back.
    if (container.controller && !registration) return;
    keepLooking(registration ?? (await container.register(address(), { updateViaCache: "none" })));
  } catch {
    // As if there were no service workers.
  }
}

/** @returns {string} */
function address() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  return trustedTypes ? trustedTypes.createPolicy(POLICY, { createScriptURL: () => WORKER }).createScriptURL("") : WORKER;
}

/** Holds the lock that tells the worker to keep this release's files; not while the page sleeps for the back button,
 * because the browser lets no page sleep that holds a lock. */
function holdRelease() {
  /** @type {() => void} */
  let letGo = () => {};
  const hold = () => {
    const held = new Promise((/** @type {(value?: unknown) => void} */ resolve) => (letGo = resolve));
    navigator.locks.request(`shell-${release}`, { mode: "shared" }, () => held);
  };
  hold();
  addEventListener("pagehide", () => letGo());
  addEventListener("pageshow", ({ persisted }) => persisted && hold());
}

/** @param {unknown} message */
function hear(message) {
  const next = /** @type {{release?: string} | null} */ (message)?.release;
  if (next === undefined) return;
  if (next === release) hideOffer();
  else showOffer(next);
}

/** @param {ServiceWorkerRegistration} registration */
function keepLooking(registration) {
  let lookedAt = Date.now();
  const look = () => {
    if (document.hidden || Date.now() - lookedAt < LOOK_MS) return;
    lookedAt = Date.now();
    registration.update().catch(() => {}); // Without a connection there is nothing new to be had.
  };
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
}
