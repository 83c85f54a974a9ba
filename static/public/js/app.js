// The memo pad: shows the screen that belongs to the address and to who is signed in.

import { renameKey } from "./data/rename-key.js";
import { drafts, memos, selection, session, tags } from "./data/stores.js";
import { find, focusHeading } from "./lib/dom.js";
import { languageChange, renewTimes, t } from "./lib/i18n.js";
import { local, tab } from "./lib/storage.js";
import { pathOfTag } from "./lib/tags.js";
import { foldText } from "./lib/text.js";
import { startKeys } from "./keys.js";
import { detour, Router } from "./router.js";
import { startHeader } from "./screens/header/header.js";
import { loadEditors } from "./screens/pad/memo-card.js";
import { titleOf } from "./screens/pad/pad-head.js";
import { createPadScreen } from "./screens/pad/pad-screen.js";
import { Rail } from "./screens/rail/rail.js";
import { createOpeningScreen, createUnreachableScreen } from "./screens/start/start-screens.js";
import { clearToast, notify, notifyError, notifyTrouble } from "./screens/toast/toast.js";

/** @typedef {import("./router.js").Place} Place */
/** @typedef {"load" | "go" | "back"} How how one got to a place */
/** @typedef {{element: HTMLElement, show: (place: Place, how: How) => unknown}} LateScreen */

/** What not everybody needs at once.
 * @type {Record<"history" | "sign-in" | "help", () => Promise<LateScreen>>} */
const LATER = {
  history: async () => (await import("./screens/history/history-screen.js")).createHistoryScreen(),
  help: async () => {
    const element = (await import("./screens/help/help-screen.js")).createHelpScreen();
    return { element, show: (_, how) => how !== "load" && focusHeading(element) };
  },
  "sign-in": async () => {
    const element = (await import("./screens/sign-in/sign-in-form.js")).createSignInForm(router);
    return { element, show: (place) => element.show(place) };
  },
};
/** How long "two minutes ago" is true. */
const TIMES_MS = 30_000;
/** When the page has settled, what will be needed next comes, and the site is kept on the device. */
const SETTLED_MS = 1000;

await startHeader(() => notifyTrouble({ key: "languageFailed" }));

const main = find(document, "main", HTMLElement);
const router = new Router(tab);
const rail = new Rail(router);
const pad = createPadScreen(router);
/** @type {Map<string, LateScreen>} */
const screens = new Map();
/** What is to be seen as long as it is not known who is signed in.
 * @type {HTMLElement | null} */
let waiting = createOpeningScreen();

/** @param {HTMLElement} screen */
function display(screen) {
  if (main.firstElementChild !== screen) main.replaceChildren(screen);
}

/** @param {How} how */
function render(how) {
  const { place } = router;
  if (waiting && place.route.audience !== "all") {
    display(waiting);
    return;
  }
  const instead = detour(place, session.user !== null, router.next);
  if (instead) {
    router.go(instead.address, { replace: true, next: instead.next });
    return;
  }
  showTitle();
  rail.show(place);
  document.documentElement.dataset.place = place.route.path;
  showScreen(place, how);
  router.restoreScroll();
}

/** @param {Place} place @param {How} how */
function showScreen(place, how) {
  const { screen } = place.route;
  if (screen === "pad") {
    display(pad);
    pad.show(place, how);
    return;
  }
  selection.clear();
  showLater(screen, place, how).catch(() => notifyTrouble({ key: "problem.unreachable" }));
}

/** Shows a screen that comes when somebody wants to see it.
 * @param {keyof typeof LATER} name @param {Place} place @param {How} how */
async function showLater(name, place, how) {
  const screen = screens.get(name) ?? (await LATER[name]());
  screens.set(name, screen);
  if (router.place !== place) return; // Elsewhere by now.
  display(screen.element);
  screen.show(place, how);
  router.restoreScroll();
}

/** Whoever looks at the memos of a tag that has another name by now goes there.
 * @param {import("./data/tag-rename.js").Job} job */
function showRenamed({ from, to }) {
  const { tag } = router.place.params;
  if (tag !== undefined && foldText(tag) === foldText(from)) router.go(pathOfTag(foldText(to)), { replace: true });
}

function showTitle() {
  const { key, params } = titleOf(router.place);
  document.title = router.place.route.path === "/" ? t("appName") : `${t(key, params)} – ${t("appName")}`;
}

/** Finds out who is signed in. */
async function start() {
  waiting = createOpeningScreen();
  render("load");
  try {
    await session.restore();
    waiting = null;
  } catch (error) {
    waiting = createUnreachableScreen(error, start);
  }
  render("load");
}

/** Shows what belongs to who is signed in from now on.
 * @param {import("./data/session.js").Change} change */
function changeUser({ previous, asked }) {
  clearToast();
  if (previous && asked) {
    drafts.deleteAll(previous.id);
    local.remove(renameKey(previous.id));
  }
  memos.clear();
  tags.clear();
  pad.reset();
  if (session.user) {
    tags.refresh();
    resumeRenaming();
  }
  if (waiting) return; // `start` goes on.
  if (session.user || !asked) render("go");
  else router.go("/sign-in", { replace: true });
  if (session.user) return;
  if (asked) notify({ key: "signedOut" });
  else notifyTrouble({ key: "sessionEnded" });
}

/** Catches up with what was changed elsewhere. */
function refresh() {
  if (!session.user) return;
  pad.refresh();
  tags.refresh();
  resumeRenaming();
}

/** @type {Promise<ReturnType<typeof import("./screens/bulk/bulk.js").startBulk>> | null} */
let bulk = null;

/** What changes many memos at once comes when it is needed. */
function withBulk() {
  bulk ??= import("./screens/bulk/bulk.js").then(({ startBulk }) => startBulk(pad, showRenamed));
  bulk.catch(() => {
    bulk = null;
    notifyTrouble({ key: "problem.unreachable" });
  });
  return bulk;
}

/** Goes on with the renaming of a tag that was broken off by a reload or for want of a connection. */
function resumeRenaming() {
  if (session.user && local.get(renameKey(session.user.id))) withBulk().then(({ resume }) => resume());
}

pad.onRename = (/** @type {string} */ tag) => withBulk().then(({ rename }) => rename(tag));
selection.addEventListener("change", () => selection.size > 0 && withBulk());
session.addEventListener("change", (event) => changeUser(/** @type {CustomEvent} */ (event).detail));
router.addEventListener("change", (event) => render(/** @type {CustomEvent} */ (event).detail));
languageChange.addEventListener("change", showTitle);

window.addEventListener("offline", () => notifyTrouble({ key: "offline" }));
window.addEventListener("online", () => {
  notify({ key: "online" });
  if (waiting) start();
  else refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
// The back button may show a page that slept through a sign-out.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && session.user) session.restore().catch(notifyError);
});
memos.addEventListener("organised", () => tags.refreshSoon());
// After a reload the memos come later than the screen, and with them the place where one was.
memos.addEventListener("change", function showPlace() {
  if (!pad.isLoaded) return;
  memos.removeEventListener("change", showPlace);
  router.restoreScroll();
});
setInterval(renewTimes, TIMES_MS);
setTimeout(() => loadEditors().catch(() => {}), SETTLED_MS);
setTimeout(() => import("./shell/shell.js").then(({ startShell }) => startShell()).catch(() => {}), SETTLED_MS);

startKeys({
  search: () => rail.focusSearch() || router.go("/search"),
  compose: () => (router.place.route.path === "/" ? pad.compose() : router.go("/new")),
  help: () => router.go("/help"),
  cards: () => (router.place.route.screen === "pad" ? pad.cards : []),
  clear: () => selection.clear(),
});
router.start();
start();
