// From an error to words that say what happened and what to do next.

import { Problem, Unreachable } from "./api.js";
import { has } from "./i18n.js";

/** @typedef {{key: import("./i18n.js").TextKey, params?: import("./message.js").Params}} Text */

/** Whether the error is one that happens without a mistake in the site's code.
 * @param {unknown} error */
export const isExpected = (error) => error instanceof Problem || error instanceof Unreachable || isFull(error);

/** Whether the browser has no more room.
 * @param {unknown} error */
const isFull = (error) => error instanceof DOMException && error.name === "QuotaExceededError";

/**
 * @param {unknown} error
 * @param {{isOnline?: boolean, isKnown?: (key: string) => key is import("./i18n.js").TextKey}} [world]
 * @returns {Text}
 */
export function textOf(error, { isOnline = globalThis.navigator?.onLine ?? true, isKnown = has } = {}) {
  if (error instanceof Unreachable) return { key: isOnline ? "problem.unreachable" : "offline" };
  if (isFull(error)) return { key: "deviceFull" };
  if (!(error instanceof Problem)) return { key: "problem.unknown" };
  if (error.slug === "too-many-requests" && error.retryAfter !== null) {
    return { key: "problem.too-many-requests", params: { count: Math.max(error.retryAfter, 1) } };
  }
  if (error.slug === "too-many-requests") return { key: "tooManyRequests" };
  const quota = error.slug === "quota-exceeded" ? quotaText(error.members) : null;
  if (quota) return quota;
  const key = `problem.${error.slug}`;
  return { key: isKnown(key) ? key : "problem.unknown" };
}

/** How much room there is, and how much is taken: memos are counted, bytes told in megabytes.
 * @param {Record<string, any>} members
 * @returns {Text | null} */
function quotaText({ quota, limit, used }) {
  if (typeof limit !== "number" || typeof used !== "number") return null;
  if (quota === "memos") return { key: "quotaMemos", params: { limit, used } };
  const megabytes = (/** @type {number} */ bytes) => Math.round(bytes / 100_000) / 10;
  return quota === "bytes" ? { key: "quotaBytes", params: { limit: megabytes(limit), used: megabytes(used) } } : null;
}
