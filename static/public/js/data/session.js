// Who is signed in. The access token lives in this object and nowhere else; the refresh token is in a cookie
// that no script can read, and a reload or another tab gets its own access token with it.

import { Problem, SignedOut, Unreachable } from "../lib/api.js";

/** @typedef {{id: string, username: string}} User */
/** What the owner of the account should know: `type` says what happened.
 * @typedef {{type: string, at: string}} Notice */
/** @typedef {{access_token: string, expires_in: number, user: User, notices?: Notice[]}} Grant what the server answers to a sign-in */
/**
 * What a `change` of the session tells: who was signed in before, whether this change was asked for, and whether the account
 * is deleted.
 * @typedef {{previous: User | null, asked: boolean, isDeleted: boolean}} Change
 */

const SESSION = "/api/auth/session";
/** A token is renewed this long before it expires, so that none expires on its way. */
const MARGIN_MS = 60_000;

/** @param {unknown} error */
const isUnauthorized = (error) => error instanceof Problem && error.status === 401;

/** Fires `change` when somebody else, or nobody, is signed in from now on, and `notices` when a sign-in has told some. */
export class Session extends EventTarget {
  /** @type {string | null} */
  #token = null;
  /** @type {User | null} */
  #user = null;
  #isKnown = false;
  #isLeaving = false;
  #renewAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<void> | null} */
  #renewing = null;
  #call;
  #openStream;
  #download;
  #tabs;
  #locks;

  /**
   * @param {object} world
   * @param {typeof import("../lib/api.js").call} world.call
   * @param {typeof import("../lib/api.js").openStream} world.openStream
   * @param {typeof import("../lib/api.js").download} world.download
   * @param {BroadcastChannel} world.tabs reaches the other tabs
   * @param {LockManager} [world.locks] browsers keep it from pages that come over plain http
   */
  constructor({ call, openStream, download, tabs, locks }) {
    super();
    this.#call = call;
    this.#openStream = openStream;
    this.#download = download;
    this.#tabs = tabs;
    this.#locks = locks;
    tabs.addEventListener("message", ({ data }) => {
      if (data === "signed-out") this.#set(null, true);
      else this.restore().catch(() => {}); // Offline: this tab finds out at its next request.
    });
  }

  /** Who is signed in, or null. */
  get user() {
    return this.#user;
  }

  /** Whether it is known if somebody is signed in: before the server has answered for the first time, it is not. */
  get isKnown() {
    return this.#isKnown;
  }

  /** Whether the account is being deleted, as far as this page knows. */
  get isLeaving() {
    return this.#isLeaving;
  }

  /** Goes on with the session of an earlier visit, if there is one. */
  restore() {
    return this.#renew();
  }

  /** @param {string} username @param {string} password
   * @param {{code?: string, passkey?: object}} [second] the second factor, where the account has one */
  signIn(username, password, { code, passkey } = {}) {
    return this.#enter(SESSION, { username, password, ...(code && { code }), ...(passkey && { passkey }) });
  }

  /** What a browser is asked for, so that a passkey signs in. @returns {Promise<PublicKeyCredentialRequestOptionsJSON>} */
  passkeyOptions() {
    return this.#call("POST", `${SESSION}/passkey/options`);
  }

  /** @param {object} answer the browser's */
  signInByPasskey(answer) {
    return this.#enter(`${SESSION}/passkey`, answer);
  }

  /** @param {string} path @param {object} json what shows who it is */
  async #enter(path, json) {
    /** @type {Grant} */
    const grant = await this.#withLock(() => this.#call("POST", path, { json }));
    this.#set(grant, true);
    this.#tabs.postMessage("signed-in");
    const { notices = [] } = grant;
    if (notices.length > 0) this.dispatchEvent(new CustomEvent("notices", { detail: notices }));
  }

  /** Creates an account, which does not sign in to it yet.
   * @param {string} username
   * @param {string} password
   * @returns {Promise<{username: string, recovery_codes: string[]}>} the codes are told here and never again */
  signUp(username, password) {
    return this.#call("POST", "/api/auth/users", { json: { username, password } });
  }

  /** Gives an account another password for one of its recovery codes, which ends all its sessions.
   * @param {{username: string, recovery_code: string, new_password: string}} json
   * @returns {Promise<null>} */
  recover(json) {
    return this.#call("POST", "/api/auth/recover", { json });
  }

  async signOut() {
    await this.#withLock(() => this.#call("DELETE", SESSION));
    this.#set(null, true);
    this.#tabs.postMessage("signed-out");
  }

  /** Deletes the account. Once that has begun the session opens nothing else, and can't be renewed: this page goes on with the
   * token that it has, so that its person can ask again and finish it.
   * @param {{password: string, code?: string, passkey?: object}} json */
  async deleteAccount(json) {
    const isAgain = this.#isLeaving;
    await this.#renew();
    this.#isLeaving = true;
    try {
      await this.authorized("DELETE", "/api/auth/me", { json });
    } catch (error) {
      const isGone = isAgain && isUnauthorized(error); // The answer before this one was lost.
      this.#isLeaving = isGone || error instanceof Unreachable || (error instanceof Problem && error.status === 503);
      if (!isGone) throw error;
    }
    this.#set(null, true);
    this.#tabs.postMessage("signed-out");
  }

  /**
   * Calls the memo service in the name of who is signed in now.
   * @param {string} method
   * @param {string} path
   * @param {import("../lib/api.js").Options} [options]
   */
  authorized(method, path, options = {}) {
    return this.#inName((name) => this.#call(method, path, { ...options, headers: { ...options.headers, ...name } }));
  }

  /**
   * Opens a stream of events in the name of who is signed in now.
   * @param {string} path
   * @param {AbortSignal} signal ends it
   */
  stream(path, signal) {
    return this.#inName((headers) => this.#openStream(path, { headers, signal }));
  }

  /** Fetches a file in the name of who is signed in now. @param {string} path */
  file(path) {
    return this.#inName((headers) => this.#download(path, { headers }));
  }

  /**
   * Asks something in the name of who is signed in now. Another tab may sign somebody else in meanwhile: then the request is
   * not sent, or its answer not given, in the wrong name.
   * @template T
   * @param {(headers: Record<string, string>) => Promise<T>} ask
   * @returns {Promise<T>}
   */
  async #inName(ask) {
    const id = this.#user?.id;
    const attempt = async () => {
      if (!id || this.#user?.id !== id) throw new SignedOut();
      const answer = await ask({ authorization: `Bearer ${this.#token}` });
      if (this.#user?.id !== id) throw new SignedOut();
      return answer;
    };
    if (Date.now() >= this.#renewAt) await this.#renew();
    try {
      return await attempt();
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      await this.#renew();
      return attempt();
    }
  }

  /** Gets a new access token. Nobody is signed in afterwards where there is no session (204) or it has ended (401). */
  async #renew() {
    if (this.#isLeaving && Date.now() < this.#renewAt) return;
    this.#renewing ??= this.#withLock(() => this.#call("POST", `${SESSION}/refresh`))
      .then((grant) => this.#set(grant, false))
      .catch((error) => {
        if (!isUnauthorized(error)) throw error;
        this.#set(null, this.#isLeaving);
      })
      .finally(() => (this.#renewing = null));
    await this.#renewing;
  }

  /**
   * Every use of the cookie rotates it, so tabs take turns. Without locks the server's leeway helps.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #withLock(work) {
    return this.#locks ? await this.#locks.request("session", work) : work();
  }

  /** @param {Grant | null} grant @param {boolean} asked */
  #set(grant, asked) {
    const [previous, isDeleted] = [this.#user, this.#isLeaving && !grant];
    this.#isLeaving = false;
    this.#isKnown = true;
    this.#token = grant?.access_token ?? null;
    this.#user = grant?.user ?? null;
    clearTimeout(this.#timer);
    if (grant) {
      const wait = Math.max(grant.expires_in * 1000 - MARGIN_MS, MARGIN_MS / 2);
      this.#renewAt = Date.now() + wait;
      // A tab in the background renews when it is next used.
      this.#timer = setTimeout(() => document.hidden || this.#renew().catch(() => {}), wait);
    }
    // Of a sign-out elsewhere a page is told that has found out already, and took it for an end that nobody asked for.
    if (this.#user?.id === previous?.id && (grant || !asked)) return;
    this.dispatchEvent(new CustomEvent("change", { detail: /** @type {Change} */ ({ previous, asked, isDeleted }) }));
  }
}
