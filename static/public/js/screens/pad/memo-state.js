// Where a memo is, in words: on the server, on this device only, or refused and why.

import { workspace } from "../../data/stores.js";
import { Problem } from "../../lib/api.js";
import { textOf } from "../../lib/error-text.js";
import { validateMemo } from "../../lib/text.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */
/** @typedef {import("../../lib/error-text.js").Text} Text */
/** What is said of it, why it is so where that can be said, and whether somebody should look.
 * @typedef {{what: Text, why: Text | null, isTrouble: boolean}} Words */

/** @param {LocalMemo} memo @returns {Words} */
export function stateOfMemo(memo) {
  if (memo.status === "saved") return { what: { key: "stateSaved" }, why: null, isTrouble: false };
  if (memo.status === "conflict") return { what: { key: "stateConflict" }, why: null, isTrouble: true };
  if (memo.status === "refused") return { what: { key: "stateFailed" }, why: whyRefused(memo), isTrouble: true };
  if (!workspace.isKept) return { what: { key: "stateUnkept" }, why: null, isTrouble: true };
  const phase = workspace.syncing?.phase;
  if (phase === undefined) return { what: { key: "stateHere" }, why: null, isTrouble: false };
  const isOnItsWay = phase === "working" || phase === "resting" || phase === "starting";
  return isOnItsWay
    ? { what: { key: "stateSaving" }, why: null, isTrouble: false }
    : { what: { key: "stateKept" }, why: null, isTrouble: true };
}

/** @param {LocalMemo} memo @returns {Text | null} */
function whyRefused({ refusal, text }) {
  return refusal ? textOf(new Problem(refusal.status, { ...refusal.members, status: refusal.status })) : validateMemo(text);
}
