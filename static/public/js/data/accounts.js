// What the issuer tells of the account, and the changes of it that people ask for.

import { session } from "./stores.js";

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} username
 * @property {string} created_at
 * @property {boolean} second_factor whether one is asked for after the password
 * @property {("totp" | "passkey")[]} second_factors those that were turned on
 * @property {number} passkeys how many there are
 * @property {number} recovery_codes_left
 * @property {string} password_changed_at
 */
/**
 * Where somebody is signed in.
 * @typedef {object} SignedInAt
 * @property {string} id
 * @property {string} client_id
 * @property {string | null} user_agent
 * @property {string} created_at
 * @property {string} last_used_at
 * @property {boolean} current
 */
/**
 * A token of somebody's own programs.
 * @typedef {object} PersonalToken
 * @property {string} id
 * @property {string} name
 * @property {string} scope
 * @property {string} created_at
 * @property {string} expires_at
 * @property {string | null} last_used_at to the hour
 * @property {boolean} older_than_password
 */
/**
 * What a program asks for, as the address has it.
 * @typedef {object} AccessRequest
 * @property {string} [response_type]
 * @property {string} [client_id]
 * @property {string} [redirect_uri]
 * @property {string} [scope]
 * @property {string} [state]
 * @property {string} [code_challenge]
 * @property {string} [code_challenge_method]
 * @property {string} [resource]
 */
/** Who asks, where the answer goes, and what they may have of what they ask for.
 * @typedef {{client: {client_id: string, client_name: string, client_uri?: string}, redirect_origin: string, scope: string}} AccessAsked */
/**
 * A program that may use the memos.
 * @typedef {object} ConnectedProgram
 * @property {string} client_id
 * @property {string} client_name
 * @property {string} [client_uri]
 * @property {string} scope
 * @property {string} connected_at
 * @property {string | null} last_used_at
 */
/** @typedef {{id: string, name: string, created_at: string, last_used_at: string | null}} Passkey */
/** A secret for an app that makes codes: to be typed, to be opened, to be scanned.
 * @typedef {{secret: string, otpauth_uri: string, qr_svg: string}} Secret */
/** The password, and a code or what a passkey answered where there is a second factor.
 * @typedef {{password: string, code?: string, passkey?: object}} Proof */
/** What one shows that for.
 * @typedef {"password-change" | "recovery-codes" | "second-factor-on" | "second-factor-off" | "passkey-added" |
 *   "passkey-removed" | "token-made" | "account-deletion"} AccountChange */

const AUTH = "/api/auth";

/** @type {typeof session.authorized} */
const ask = (...request) => session.authorized(...request);

export const accounts = {
  /** @returns {Promise<Account>} */
  read: () => ask("GET", `${AUTH}/me`),

  /** All sessions, the latest first. @returns {Promise<{items: SignedInAt[]}>} */
  sessions: () => ask("GET", `${AUTH}/sessions`),

  /** @param {string} id */
  endSession: (id) => ask("DELETE", `${AUTH}/sessions/${encodeURIComponent(id)}`),

  /** Ends all sessions but this one. */
  endOtherSessions: () => ask("DELETE", `${AUTH}/sessions`),

  /** Ends all other sessions, too.
   * @param {{current_password: string, new_password: string, code?: string, passkey?: object}} json */
  changePassword: (json) => ask("PUT", `${AUTH}/me/password`, { json }),

  /** A secret; the second factor is on when a code of it has come. @returns {Promise<Secret>} */
  beginSecondFactor: () => ask("POST", `${AUTH}/totp`),

  /** @param {{code: string} & Partial<Proof>} json the rest where a passkey is asked for already */
  turnSecondFactorOn: (json) => ask("PUT", `${AUTH}/totp`, { json }),

  /** @param {Proof} json */
  turnSecondFactorOff: (json) => ask("DELETE", `${AUTH}/totp`, { json }),

  /** What the browser is to ask a passkey for, in the place of a code.
   * @param {AccountChange} change @returns {Promise<PublicKeyCredentialRequestOptionsJSON>} */
  passkeyOptions: (change) => ask("POST", `${AUTH}/me/passkey/options`, { json: { change } }),

  /** Has a passkey asked for after the password, for the answer of one. @param {object} passkey */
  askForPasskey: (passkey) => ask("PUT", `${AUTH}/passkeys/second-factor`, { json: { passkey } }),

  /** @param {Proof} json */
  askForNoPasskey: (json) => ask("DELETE", `${AUTH}/passkeys/second-factor`, { json }),

  /** New codes; the ones before are void. @param {Proof} json @returns {Promise<{recovery_codes: string[]}>} */
  renewRecoveryCodes: (json) => ask("POST", `${AUTH}/recovery-codes`, { json }),

  /** Personal tokens, the oldest first. @returns {Promise<{items: PersonalToken[]}>} */
  tokens: () => ask("GET", `${AUTH}/tokens`),

  /** A new one; the answer is the only one that has the token itself.
   * @param {Proof & {name: string, scope: string, expires_in_days: number}} json
   * @returns {Promise<Omit<PersonalToken, "last_used_at" | "older_than_password"> & {token: string}>} */
  makeToken: (json) => ask("POST", `${AUTH}/tokens`, { json }),

  /** @param {string} id */
  revokeToken: (id) => ask("DELETE", `${AUTH}/tokens/${encodeURIComponent(id)}`),

  /** What to ask somebody about, or where to go back to with a request that is wrong.
   * @param {AccessRequest} json @returns {Promise<AccessAsked | {redirect_to: string}>} */
  askedAccess: (json) => ask("POST", `${AUTH}/authorize/request`, { json }),

  /** Where to go back to with the answer. @param {AccessRequest & {approve: boolean}} json @returns {Promise<{redirect_to: string}>} */
  answerAccess: (json) => ask("POST", `${AUTH}/authorize`, { json }),

  /** Programs that are connected. @returns {Promise<{items: ConnectedProgram[]}>} */
  programs: () => ask("GET", `${AUTH}/clients`),

  /** @param {string} id */
  disconnect: (id) => ask("DELETE", `${AUTH}/clients/${encodeURIComponent(id)}`),

  /** @returns {Promise<{items: Passkey[]}>} */
  passkeys: () => ask("GET", `${AUTH}/passkeys`),

  /** What the browser is to make. @param {Proof} json @returns {Promise<PublicKeyCredentialCreationOptionsJSON>} */
  beginPasskey: (json) => ask("POST", `${AUTH}/passkeys/options`, { json }),

  /** @param {{name: string, credential: object}} json */
  addPasskey: (json) => ask("POST", `${AUTH}/passkeys`, { json }),

  /** @param {string} id @param {Proof} json */
  removePasskey: (id, json) => ask("DELETE", `${AUTH}/passkeys/${encodeURIComponent(id)}`, { json }),
};
