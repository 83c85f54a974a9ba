// What a program asks for in the address of the question, and where the answer goes.

/** What an authorization request has (RFC 6749, 7636, 8707); whatever else is there is ignored, as those say. */
const PARAMETERS = ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "resource"];

/**
 * The request in an address, or null where something is there twice: which of the two is meant, nobody can tell.
 * @param {URLSearchParams} query
 * @returns {import("../../data/accounts.js").AccessRequest | null}
 */
export function requestIn(query) {
  const given = PARAMETERS.map((name) => /** @type {const} */ ([name, query.getAll(name)]));
  if (given.some(([, values]) => values.length > 1)) return null;
  return Object.fromEntries(given.flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value]])));
}

/** The hosts that are the device itself. */
const LOOPBACK = ["127.0.0.1", "[::1]", "localhost"];

/**
 * How people are told of an address, whether it is on this device, and whether a page may go there: to the web, or to an app
 * by a scheme of its own, which is a reversed domain (RFC 8252). No other scheme: `javascript:` and its like act within a page.
 * @param {string} address
 * @returns {{host: string, isHere: boolean, isSafe: boolean}}
 */
export function wayTo(address) {
  const { protocol, host, hostname } = new URL(address);
  if (protocol === "https:") return { host, isHere: false, isSafe: true };
  if (protocol === "http:") return { host, isHere: true, isSafe: LOOPBACK.includes(hostname) };
  return { host: protocol.slice(0, -1), isHere: true, isSafe: protocol.includes(".") };
}
