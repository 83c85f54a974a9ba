// From an error to words that say what happened and what to do next.

import { Problem, Unreachable } from "./api.js";
import { has } from "./i18n.js";

/** @typedef {{key: import("./i18n.js").TextKey, params?: import("./message.js").Params}} Text */

/** Whether the error is one that happens without a mistake in the site's code.
 * @param {unknown} error */
export const isExpected = (error) => error instanceof Problem || error instanceof Unreachable;

/**
 * @param {unknown} error
 * @param {{isOnline?: boolean, isKnown?: (key: string) => key is import("./i18n.js").TextKey}} [world]
 * @returns {Text}
 */
export function textOf(error, { isOnline = globalThis.navigator?.onLine ?? true, isKnown = has } = {}) {
  if (error instanceof Unreachable) return { key: isOnline ? "problem.unreachable" : "offline" };
  if (!(error instanceof Problem)) return { key: "problem.unknown" };
  if (error.slug === "too-many-requests" && error.retryAfter !== null) {
    return { key: "problem.too-many-requests", params: { count: Math.max(error.retryAfter, 1) } };
  }
  if (error.slug === "too-many-requests") return { key: "tooManyRequests" };
  const key = `problem.${error.slug}`;
  return { key: isKnown(key) ? key : "problem.unknown" };
}
