// The memo pad: shows the screen that belongs to the address and to who is signed in.

import { forgetLastWords, keepLastWords, takeUpLastWords } from "./data/last-words.js";
import { drafts, memos, selection, service, session, workspace } from "./data/stores.js";
import { find } from "./lib/dom.js";
import { languageChange, needAllWords, renewTimes, t } from "./lib/i18n.js";
import { tab } from "./lib/storage.js";
import { pathOfTag } from "./lib/tags.js";
import { foldText } from "./lib/text.js";
import { startKeys } from "./keys.js";
import { detour, Router } from "./router.js";
import { startHeader } from "./screens/header/header.js";
import { startSyncState } from "./screens/header/sync-state.js";
import { loadEditors } from "./screens/pad/memo-card.js";
import { startNotes } from "./screens/pad/notes.js";
import { titleOf } from "./screens/pad/pad-head.js";
import { createPadScreen } from "./screens/pad/pad-screen.js";
import { Rail } from "./screens/rail/rail.js";
import { tellMissing } from "./screens/release/release-offer.js";
import { createOpeningScreen, createUnreachableScreen } from "./screens/start/start-screens.js";
import { clearToast, notify, notifyError, notifyTrouble } from "./screens/toast/toast.js";

/** @typedef {import("./router.js").Place} Place */
/** @typedef {"load" | "go" | "back"} How how one got to a place */
/** @typedef {{element: HTMLElement, show: (place: Place, how: How) => unknown}} LateScreen */

/** What not everybody needs at once.
 * @type {Record<"history" | "share" | "account" | "sign-in" | "recover" | "authorize" | "help", () => Promise<(router: Router) => LateScreen>>} */
const LATER = {
  history: async () => (await import("./screens/history/history-screen.js")).createHistoryScreen,
  share: async () => (await import("./screens/share/share-screen.js")).createShareScreen,
  account: async () => (await import("./screens/account/account-screen.js")).createAccountScreen,
  "sign-in": async () => (await import("./screens/sign-in/sign-in-form.js")).createSignInForm,
  recover: async () => (await import("./screens/recover/recover-form.js")).createRecoverScreen,
  authorize: async () => (await import("./screens/authorize/authorize-screen.js")).createAuthorizeScreen,
  help: async () => (await import("./screens/help/help-screen.js")).createHelpScreen,
};
/** How long "two minutes ago" is true. */
const TIMES_MS = 30_000;
/** When the page has settled, what will be needed next comes, and the site is kept on the device. */
const SETTLED_MS = 1000;

workspace.readAhead();
await startHeader(() => notifyTrouble({ key: "languageFailed" }));

const main = find(document, "main", HTMLElement);
const router = new Router(tab);
const rail = new Rail(router);
const pad = createPadScreen(router);
/** @type {Map<string, LateScreen>} */
const screens = new Map();
/** What is to be seen where it matters whether somebody is signed in, as long as that is not known.
 * @type {HTMLElement | null} */
let waiting = createOpeningScreen();
let isRestoring = false;

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
  const instead = detour(place, session.user !== null, router.next) ?? toOthersMemo(place);
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

/** A guest who goes to a memo that is not on this device may have an account that has it.
 * @param {Place} place */
function toOthersMemo({ route, params, address }) {
  const isHere = route.path !== "/m/{id}" || workspace.owner !== null || memos.get(params.id) !== null;
  return isHere || waiting || !memos.isLoaded ? null : { address: "/sign-in", next: address };
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
  showLater(screen, place, how).catch(tellMissing);
}

/** Shows a screen that comes when somebody wants to see it.
 * @param {keyof typeof LATER} name @param {Place} place @param {How} how */
async function showLater(name, place, how) {
  const screen = screens.get(name) ?? (await createLater(name));
  screens.set(name, screen);
  if (router.place !== place) return; // Elsewhere by now.
  display(screen.element);
  screen.show(place, how);
  router.restoreScroll();
}

/** @param {keyof typeof LATER} name */
async function createLater(name) {
  const [create] = await Promise.all([LATER[name](), needAllWords()]);
  return create(router);
}

/** Whoever looks at the memos of a tag that has another name by now goes there.
 * @param {string} from @param {string} to */
function showRenamed(from, to) {
  const { tag } = router.place.params;
  if (tag !== undefined && foldText(tag) === foldText(from)) router.go(pathOfTag(foldText(to)), { replace: true });
}

function showTitle() {
  const { key, params } = titleOf(router.place);
  document.title = router.place.route.path === "/" ? t("appName") : `${t(key, params)} – ${t("appName")}`;
}

/** Shows the pad, then the memos of this device, which needs no network, and finds out who is signed in. */
async function start() {
  render("load");
  await Promise.all([workspace.openLast().then(() => takeUpLastWords(memos, drafts)), restore()]);
}

async function restore() {
  waiting = createOpeningScreen();
  isRestoring = true;
  try {
    await session.restore();
    await workspace.opened;
    waiting = null;
    // The memos stay, and wait for their author to come back.
    if (workspace.owner && !session.user) notifyTrouble({ key: "sessionEnded" });
  } catch (error) {
    waiting = createUnreachableScreen(error, restore);
  }
  isRestoring = false;
  if (router.place.route.audience !== "all" || toOthersMemo(router.place)) render("load");
}

/** Shows what belongs to who is signed in from now on. A session that ends by itself takes nothing away.
 * @param {import("./data/session.js").Change} change */
async function changeUser({ previous, asked, isDeleted }) {
  const { user } = session;
  const gone = previous ?? workspace.owner;
  if (!user && !gone) return; // A guest's page is told of a sign-out that does not concern it.
  clearToast();
  // What a guest is writing is theirs when they have signed in.
  if (user && workspace.owner === null) await pad.handOver(() => workspace.open(user));
  else if (user) await workspace.open(user);
  else if (asked) {
    if (gone) drafts.deleteAll(gone.id);
    await workspace.leave();
  }
  workspace.wake();
  if (isRestoring) return; // That goes on.
  waiting = null;
  if (asked && !session.user) router.go(isDeleted ? "/account/deleted" : "/sign-in", { replace: true });
  else render("go");
  if (session.user || isDeleted) return;
  if (asked) notify({ key: "signedOut" });
  else notifyTrouble({ key: "sessionEnded" });
}

/** Tells what the owner of the account should know. @param {import("./data/session.js").Notice[]} notices */
async function tellNotices(notices) {
  const [late] = await Promise.all([import("./screens/account/notices.js"), needAllWords()]);
  await late.tellNotices(notices, (address) => router.go(address));
}

/** @type {Promise<ReturnType<typeof import("./screens/bulk/bulk.js").startBulk>> | null} */
let bulk = null;

/** What changes many memos at once comes when it is needed. */
function withBulk() {
  bulk ??= import("./screens/bulk/bulk.js").then(({ startBulk }) => startBulk(pad, showRenamed));
  bulk.catch(() => {
    bulk = null;
    tellMissing();
  });
  return bulk;
}

/** @type {Promise<void> | null} */
let olderEdits = null;

/** What an older version of the site has kept goes to its memos, once all of those are here. */
function withOlderEdits() {
  olderEdits ??= import("./data/older-edits.js")
    .then(({ takeUpOlderEdits }) => takeUpOlderEdits(memos, drafts, service, navigator.locks))
    .catch(() => {}); // At the next visit, then.
}

pad.onRename = (/** @type {string} */ tag) => withBulk().then(({ rename }) => rename(tag));
selection.addEventListener("change", () => selection.size > 0 && withBulk());
session.addEventListener("change", (event) => {
  changeUser(/** @type {CustomEvent} */ (event).detail).catch(notifyError);
});
session.addEventListener("notices", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  tellNotices(detail).catch(notifyError);
});
// The server is there again, as another tab may have found out, and this page never knew who is signed in.
workspace.addEventListener("change", () => {
  const { phase } = workspace.syncing ?? {};
  if (waiting && !isRestoring && (phase === "resting" || phase === "signed-out")) restore();
  if (phase === "resting" && memos.isWhole && drafts.olderEdits().length > 0) withOlderEdits();
});
workspace.addEventListener("open", () => {
  pad.reset();
  router.restoreScroll(); // After a reload the memos come later than the screen, and with them the place where one was.
});
router.addEventListener("change", (event) => render(/** @type {CustomEvent} */ (event).detail));
languageChange.addEventListener("change", showTitle);

window.addEventListener("offline", () => notifyTrouble({ key: "offline" }));
window.addEventListener("online", () => {
  clearToast(); // That there was no connection is over.
  if (waiting) restore();
});
// What is not on the server is on this device only; whoever leaves should know.
window.addEventListener("beforeunload", (event) => {
  // A browser asks only where somebody has done something.
  const isActive = navigator.userActivation?.hasBeenActive ?? true;
  if (isActive && workspace.owner && memos.unsaved > 0) event.preventDefault();
});
// Before the databases are let go of: they are opened after this.
window.addEventListener("pagehide", () => keepLastWords(memos, drafts));
// The back button may show a page that slept through a sign-out.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  forgetLastWords(memos, drafts).catch(notifyError);
  workspace.catchUp().catch(notifyError);
  if (session.user) session.restore().catch(notifyError);
});
setInterval(renewTimes, TIMES_MS);
setTimeout(() => loadEditors().catch(() => {}), SETTLED_MS);
setTimeout(() => import("./shell/shell.js").then(({ startShell }) => startShell()).catch(() => {}), SETTLED_MS);

startSyncState();
startNotes();
startKeys({
  search: () => rail.focusSearch() || router.go("/search"),
  compose: () => (router.place.route.path === "/" ? pad.compose() : router.go("/new")),
  help: () => router.go("/help"),
  cards: () => (router.place.route.screen === "pad" ? pad.cards : []),
  clear: () => selection.clear(),
});
router.start();
start().catch(notifyError);
