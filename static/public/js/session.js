// Who is signed in. The access token lives in this module and nowhere else; the refresh token is in a cookie
// that no script can read, and a reload or another tab gets its own access token with it.

import { call, Problem, SignedOut } from "./api.js";

const SESSION = "/api/auth/session";
/** A token is renewed this long before it expires, so that none expires on its way. */
const MARGIN_MS = 60_000;

let token = null;
let person = null;
let renewAt = 0;
let timer = 0;

/** Fires `change` when somebody else, or nobody, is signed in from now on; its detail says whether that was asked for. */
export const session = new EventTarget();

/** `{id, username}`, or null. */
export const user = () => person;

const otherTabs = new BroadcastChannel("session");
otherTabs.addEventListener("message", ({ data }) => {
  if (data === "signed-out") adopt(null, true);
  else restore().catch(() => {}); // Offline: this tab finds out at its next request.
});

/** Every use of the cookie rotates it, so tabs take turns. Without locks (plain http) the server's leeway helps. */
const inTurn = (work) => (navigator.locks ? navigator.locks.request("session", work) : work());

function adopt(answer, asked) {
  const before = person?.id;
  token = answer?.access_token ?? null;
  person = answer?.user ?? null;
  clearTimeout(timer);
  if (answer) {
    const wait = Math.max(answer.expires_in * 1000 - MARGIN_MS, MARGIN_MS / 2);
    renewAt = Date.now() + wait;
    // A tab in the background renews when it is next used.
    timer = setTimeout(() => document.hidden || renew().catch(() => {}), wait);
  }
  if (person?.id !== before) session.dispatchEvent(new CustomEvent("change", { detail: { asked } }));
}

let renewing = null;

/** Gets a new access token; with a session that has ended, nobody is signed in afterwards. */
function renew() {
  renewing ??= inTurn(() => call("POST", `${SESSION}/refresh`))
    .then((answer) => adopt(answer, false))
    .catch((error) => {
      if (!(error instanceof Problem && error.status === 401)) throw error;
      adopt(null, false);
    })
    .finally(() => (renewing = null));
  return renewing;
}

/** Goes on with the session of an earlier visit, if there is one. */
export const restore = renew;

export async function signIn(username, password) {
  const json = { username, password };
  adopt(await inTurn(() => call("POST", SESSION, { json })), true);
  otherTabs.postMessage("signed-in");
}

/** Creates an account, which does not sign in to it yet. */
export const signUp = (username, password) => call("POST", "/api/auth/users", { json: { username, password } });

export async function signOut() {
  await inTurn(() => call("DELETE", SESSION));
  adopt(null, true);
  otherTabs.postMessage("signed-out");
}

/**
 * Calls the memo service in the name of who is signed in now. Another tab may sign somebody else in meanwhile:
 * then the request is not sent, or its answer not given, in the wrong name.
 */
export async function authorized(method, path, options = {}) {
  const who = person?.id;
  const attempt = async () => {
    if (!who || person?.id !== who) throw new SignedOut();
    const headers = { ...options.headers, authorization: `Bearer ${token}` };
    const answer = await call(method, path, { ...options, headers });
    if (person?.id !== who) throw new SignedOut();
    return answer;
  };
  if (Date.now() >= renewAt) await renew();
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
    await renew();
    return attempt();
  }
}
