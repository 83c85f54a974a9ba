// How it stands between this device and the server, in words, at the top of every page.

import { memos, session, workspace } from "../../data/stores.js";
import { find, findElement } from "../../lib/dom.js";
import { currentLanguage, setText } from "../../lib/i18n.js";

/** Changes in quick succession are told once. */
const SETTLE_MS = 150;

/** Keeps the words right. */
export function startSyncState() {
  const link = find(document, "#sync-state", HTMLAnchorElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const show = () => {
    timer = undefined;
    const { key, params, phase } = words();
    link.dataset.phase = phase;
    setText(findElement(link, "span"), key, params);
    // Somebody who is not signed in can do something about it.
    if (workspace.owner === null || (session.isKnown && session.user === null)) link.href = "/sign-in";
    else link.removeAttribute("href");
  };
  const showSoon = () => {
    link.dataset.unsaved = String(memos.unsaved);
    timer ??= setTimeout(show, SETTLE_MS);
  };
  for (const target of [memos, workspace, session]) target.addEventListener("change", showSoon);
  link.hidden = false;
  show();
}

/** @returns {{key: import("../../lib/i18n.js").TextKey, params?: import("../../lib/message.js").Params, phase: string}} */
function words() {
  const { syncing, owner } = workspace;
  const { unsaved: count, conflict, refused } = memos.counts;
  if (!owner || !syncing) return count > 0 ? { key: "syncGuest", params: { count }, phase: "guest" } : { key: "syncNobody", phase: "guest" };
  const { phase, since } = syncing;
  if (phase === "signed-out" && session.isKnown && !session.user) return ended(count);
  if (phase === "offline") return { key: "syncOffline", params: { count }, phase };
  if (phase === "full") return { key: "deviceFull", phase };
  if (phase === "troubled") return { key: "syncTroubled", params: { count }, phase };
  if (conflict > 0) return { key: "syncConflict", params: { count: conflict }, phase };
  if (refused > 0) return { key: "syncRefused", params: { count: refused }, phase };
  if (count > 0) return { key: "syncWorking", params: { count }, phase };
  // What was together stays so while it is looked for news.
  return since === null ? { key: "syncLooking", phase } : { key: "syncDone", params: { time: clock(since) }, phase };
}

/** @param {number} time in milliseconds */
const clock = (time) => new Intl.DateTimeFormat(currentLanguage(), { timeStyle: "short" }).format(time);

/** @param {number} count @returns {{key: import("../../lib/i18n.js").TextKey, params: {count: number}, phase: string}} */
const ended = (count) => ({ key: "syncSignedOut", params: { count }, phase: "signed-out" });
