// The memo pad: shows the screen that belongs to the address and to who is signed in.

import { drafts, memos, session } from "./data/stores.js";
import { find, focusHeading } from "./lib/dom.js";
import { languageChange, t } from "./lib/i18n.js";
import { tab } from "./lib/storage.js";
import { detour, Router } from "./router.js";
import { startAccount } from "./screens/header/account.js";
import { startHeader } from "./screens/header/header.js";
import { createHelpScreen } from "./screens/help/help-screen.js";
import { createPadScreen } from "./screens/pad/pad-screen.js";
import { createSignInForm } from "./screens/sign-in/sign-in-form.js";
import { createOpeningScreen, createUnreachableScreen } from "./screens/start/start-screens.js";
import { clearToast, notify, notifyError, notifyTrouble } from "./screens/toast/toast.js";

await startHeader(() => notifyTrouble({ key: "languageFailed" }));

const main = find(document, "main", HTMLElement);
const router = new Router(tab);
const pad = createPadScreen(router);
const signInForm = createSignInForm(router);
const help = createHelpScreen();
/** What is to be seen as long as it is not known who is signed in.
 * @type {HTMLElement | null} */
let waiting = createOpeningScreen();

/** @param {HTMLElement} screen */
function display(screen) {
  if (main.firstElementChild !== screen) main.replaceChildren(screen);
}

/** @param {"load" | "go" | "back"} how one got to the place */
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
  if (place.route.screen === "help") {
    display(help);
    if (how !== "load") focusHeading(help);
  } else if (place.route.screen === "sign-in") {
    display(signInForm);
    signInForm.show(place);
  } else {
    display(pad);
    pad.show(place, how);
  }
  router.restoreScroll();
}

function showTitle() {
  const { path, title } = router.place.route;
  document.title = path === "/" ? t("appName") : `${t(title)} – ${t("appName")}`;
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
  if (previous && asked) drafts.deleteAll(previous.id);
  memos.clear();
  pad.reset();
  if (session.user) memos.loadMore();
  if (waiting) return; // `start` goes on.
  if (session.user || !asked) render("go");
  else router.go("/sign-in", { replace: true });
  if (session.user) return;
  if (asked) notify({ key: "signedOut" });
  else notifyTrouble({ key: "sessionEnded" });
}

session.addEventListener("change", (event) => changeUser(/** @type {CustomEvent} */ (event).detail));
router.addEventListener("change", (event) => render(/** @type {CustomEvent} */ (event).detail));
languageChange.addEventListener("change", showTitle);

window.addEventListener("offline", () => notifyTrouble({ key: "offline" }));
window.addEventListener("online", () => {
  notify({ key: "online" });
  if (waiting) start();
  else if (session.user) memos.refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && session.user) memos.refresh();
});
// The back button may show a page that slept through a sign-out.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && session.user) session.restore().catch(notifyError);
});
// After a reload the memos come later than the screen, and with them the place where one was.
memos.addEventListener("change", function showPlace() {
  if (!memos.isOpen) return;
  memos.removeEventListener("change", showPlace);
  router.restoreScroll();
});

startAccount();
router.start();
start();
