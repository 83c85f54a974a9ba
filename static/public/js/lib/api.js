// One request to the services, or a stream of their events, and the three ways it can end badly.

import { addressOf } from "./services.js";

/** The server said no: an RFC 9457 problem. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {any} body
   * @param {string | null} [retryAfter] the header of that name
   */
  constructor(status, body, retryAfter = null) {
    super(String(body?.detail ?? body?.title ?? `status ${status}`));
    this.status = status;
    /** What went wrong, as the anchor of its explanation at /problems. */
    this.slug = typeof body?.type === "string" ? (body.type.split("#")[1] ?? "unknown") : "unknown";
    /** The fields of the request that were refused.
     * @type {string[]} */
    this.fields = Array.isArray(body?.errors) ? body.errors.map((/** @type {any} */ error) => String(error?.field)) : [];
    /** What the problem says beside the members that all problems have.
     * @type {Record<string, any>} */
    this.members = typeof body === "object" && body !== null ? body : {};
    /** How many seconds to wait before trying again, or null. */
    this.retryAfter = seconds(retryAfter);
  }
}

/** No answer came. Whether the request took effect is unknown. */
export class Unreachable extends Error {}

/** Whoever was signed in when the request was made no longer is. */
export class SignedOut extends Error {}

/** Whether the server answered with this problem.
 * @param {unknown} error
 * @param {string} slug */
export const isProblem = (error, slug) => error instanceof Problem && error.slug === slug;

// Long enough for a password hash on a busy server, short enough to be told about it.
const TIMEOUT_MS = 20_000;

/**
 * @typedef {object} Options
 * @property {unknown} [json]
 * @property {Blob} [file] a body as it is; a header says what it is
 * @property {Record<string, string>} [headers]
 * @property {number} [patience] how long to wait, in milliseconds
 */

/**
 * Asks a service. The issuer's cookie goes along, also where it has another origin than the site; to nobody else.
 * @param {string} path
 * @param {RequestInit} options
 */
const ask = (path, options) =>
  fetch(addressOf(path), {
    credentials: path.startsWith("/api/auth/") ? "include" : "same-origin",
    cache: "no-store",
    ...options,
  });

/**
 * Sends `json` or `file`, if any, and returns the answer's JSON, null for an empty one (204); throws a `Problem` or `Unreachable`.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, { json, file, headers = {}, patience = TIMEOUT_MS } = {}) {
  /** @type {Record<string, string>} */
  const sent = { accept: "application/json", ...headers };
  if (json !== undefined) sent["content-type"] = "application/json";
  const body = json === undefined ? file : JSON.stringify(json);
  let response, text;
  try {
    const signal = AbortSignal.timeout(patience);
    response = await ask(path, { method, headers: sent, body, signal });
    text = await response.text();
  } catch (error) {
    throw new Unreachable(path, { cause: error });
  }
  const answer = parse(text);
  if (!response.ok) throw new Problem(response.status, answer, response.headers.get("retry-after"));
  // What is no JSON is not of the services: a hotel's sign-in page, for instance. Only 204 has no text by right: to the
  // browser, an answer that was cut off in its head is one without a text, too.
  if (answer === undefined || (answer === null && response.status !== 204)) throw new Unreachable(path);
  return answer;
}

/**
 * Opens a stream of server-sent events, which lasts until `signal` ends it; throws a `Problem` or `Unreachable`.
 * @param {string} path
 * @param {{headers?: Record<string, string>, signal: AbortSignal}} options
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
export async function openStream(path, { headers = {}, signal }) {
  const response = await ask(path, { headers: { accept: "text/event-stream", ...headers }, signal }).catch((error) => {
    throw new Unreachable(path, { cause: error });
  });
  if (!response.ok) throw await problemOf(response);
  // What is no stream is not of the services.
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) throw new Unreachable(path);
  return response.body;
}

/**
 * Fetches a file that the service offers; throws a `Problem`, or `Unreachable` where it did not come whole.
 * @param {string} path
 * @param {{headers?: Record<string, string>}} [options]
 * @returns {Promise<{name: string, blob: Blob}>}
 */
export async function download(path, { headers = {} } = {}) {
  try {
    const response = await ask(path, { headers });
    if (!response.ok) throw await problemOf(response);
    const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
    // What is no file is not of the services.
    if (!name) throw new Unreachable(path);
    return { name, blob: await response.blob() };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Unreachable(path, { cause: error });
  }
}

/** @param {Response} response */
async function problemOf(response) {
  const text = await response.text().catch(() => "");
  return new Problem(response.status, parse(text), response.headers.get("retry-after"));
}

/** The JSON; null where there is no text, undefined where it is something else.
 * @param {string} text */
function parse(text) {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3).
 * @param {string | null} retryAfter */
function seconds(retryAfter) {
  if (retryAfter === null) return null;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter);
  const wait = Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  return Number.isNaN(wait) ? null : Math.max(wait, 0);
}
