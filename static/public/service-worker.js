// The service worker: keeps the site's files on the device, so that the app opens at once and without a connection.
//
// All addresses of a release's files begin with /release/{name}/, and a cache holds nothing but those. So a new worker can
// take over at once: pages that are open go on with the files of their own release, and only who loads a page anew gets
// the new one. Nothing else is answered from here, and what people write never passes through.

/** @typedef {{release: string, files: Record<string, string>, routes: string[]}} Shell */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** What is kept: the release's name, the hash of each file's content by its path, and the app's own paths. The build writes
 * this line (build/release.rs).
 * @type {Shell} */
const SHELL = { release: "", files: {}, routes: [] };

/** The cache of a release is called so, and so is the lock that its pages hold (js/shell/shell.js). */
const CACHE = "shell-";
const OWN = CACHE + SHELL.release;
const FOLDER = "/release/";
/** @param {string} cache @param {string} path */
const addressIn = (cache, path) => FOLDER + cache.slice(CACHE.length) + path;

/** The app's page, and the one for links that lead nowhere. */
const INDEX = "/";
const NOT_FOUND = "/404";
/** What is answered by others, and never from here. */
const APIS = ["/api/", "/.well-known/"];

worker.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([keep(), tellRoutes(event)]).then(() => worker.skipWaiting()));
});
worker.addEventListener("activate", (event) => event.waitUntil(Promise.all([worker.clients.claim(), removeUnused()])));
worker.addEventListener("fetch", answer);
// Pages ask which release the next page will be of.
worker.addEventListener("message", ({ data, source }) => {
  if (data?.ask === "release") source?.postMessage({ release: SHELL.release });
});

/** Lets browsers that know routes do by themselves, and without waking the worker up, what `answer` would do.
 * @param {ExtendableEvent} event */
async function tellRoutes(event) {
  const { addRoutes } = /** @type {{addRoutes?: (routes: object[]) => Promise<void>}} */ (event);
  const at = (/** @type {string} */ prefix, /** @type {string} */ source) => ({
    condition: { urlPattern: { pathname: `${prefix}*` }, requestMethod: "GET" },
    source,
  });
  await addRoutes?.call(event, [at(FOLDER, "cache"), ...APIS.map((prefix) => at(prefix, "network"))]);
}

/** Brings all files into this release's cache, one after the other: nobody waits for them. What a release before has
 * already is not loaded again. */
async function keep() {
  const cache = await caches.open(OWN);
  const others = (await caches.keys()).filter((name) => name.startsWith(CACHE) && name !== OWN);
  for (const [path, hash] of Object.entries(SHELL.files)) {
    const address = addressIn(OWN, path);
    if (await cache.match(address, { ignoreVary: true })) continue; // A try before this one has brought it.
    await cache.put(address, (await findSame(others, path, hash)) ?? (await load(address)));
  }
}

/** The same content in the cache of another release.
 * @param {string[]} names @param {string} path @param {string} hash */
async function findSame(names, path, hash) {
  for (const cacheName of names) {
    const kept = await caches.match(addressIn(cacheName, path), { cacheName, ignoreVary: true });
    if (kept?.headers.get("etag")?.includes(hash)) return withoutAddress(kept);
  }
  return null;
}

/** @param {string} address */
async function load(address) {
  const response = await fetch(address, { redirect: "error" });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

/** The same answer, as if it came from where it is asked for: modules resolve what they import by where they came from.
 * @param {Response} response @param {number} [status] */
const withoutAddress = ({ body, headers }, status = 200) => new Response(body, { headers, status });

/** Removes the files of other releases, except the one before, whose pages may just be loading, and those whose pages are
 * still open. */
async function removeUnused() {
  const names = (await caches.keys()).filter((name) => name.startsWith(CACHE) && name !== OWN);
  const { installing, waiting } = worker.registration;
  if (installing || waiting) return; // The next worker's files are among them, and it will tidy up itself.
  const { held = [] } = await navigator.locks.query();
  const used = new Set(held.map(({ name }) => name));
  const unused = names.slice(0, -1).filter((name) => !used.has(name)); // The names are in the order of their making.
  await Promise.all(unused.map((name) => caches.delete(name)));
}

/** Answers what asks for a page or for a file of a release. The browser answers everything else as if nobody were here.
 * @param {FetchEvent} event */
function answer(event) {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode !== "navigate") {
    if (pathname.startsWith(FOLDER)) event.respondWith(file(pathname, request));
    return;
  }
  if (APIS.some((prefix) => pathname.startsWith(prefix))) return;
  event.respondWith(page(pathname, event));
  event.waitUntil(retireIfGone());
}

/** @param {string} path @param {Request} request */
async function file(path, request) {
  return (await caches.match(path, { ignoreVary: true })) ?? fetch(request);
}

/** @param {string} path @param {FetchEvent} event */
async function page(path, event) {
  const known = pageAt(path);
  const kept = await find(known);
  if (kept) return kept;
  // The browser has thrown the files away: they are brought back.
  if (known !== null) event.waitUntil(keep().catch(() => {}));
  try {
    return await fetch(event.request); // The server may know what this release does not.
  } catch (error) {
    const notFound = known === null ? await find(NOT_FOUND, 404) : null;
    if (notFound) return notFound;
    throw error;
  }
}

/** The path of the page that is shown at a path, or null where this release has none.
 * @param {string} path */
function pageAt(path) {
  if (SHELL.routes.some((route) => matches(route, path))) return INDEX;
  const isPage = Object.hasOwn(SHELL.files, path) && !path.includes(".") && path !== NOT_FOUND;
  return isPage ? path : null;
}

/** As `routes::matches` of the component that serves the site.
 * @param {string} route @param {string} path */
function matches(route, path) {
  const [wanted, given] = [route.split("/"), path.split("/")];
  const isRest = wanted.at(-1)?.endsWith("...}") === true;
  if (isRest ? given.length < wanted.length : given.length !== wanted.length) return false;
  return given.every((segment, index) => {
    const pattern = wanted[Math.min(index, wanted.length - 1)];
    return pattern.startsWith("{") ? segment !== "" : segment === pattern;
  });
}

/** @param {string | null} path @param {number} [status] */
async function find(path, status) {
  if (path === null) return null;
  const kept = await caches.match(addressIn(OWN, path), { cacheName: OWN, ignoreVary: true });
  return kept ? withoutAddress(kept, status) : null;
}

/** Leaves the device where the server has no service worker any more: that is how a server takes it back. */
async function retireIfGone() {
  const response = await fetch(worker.location.pathname, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (response?.status !== 404 && response?.status !== 410) return;
  await worker.registration.unregister();
  const names = (await caches.keys()).filter((name) => name.startsWith(CACHE));
  await Promise.all(names.map((name) => caches.delete(name)));
}
