// Passkeys, as browsers have them. The oldest browsers with passkeys do not read the JSON of the standard's Level 3: they count
// as having none, and there is the password.

/** Why this page cannot use passkeys, or null. They belong to a domain, so a page at an address of numbers has none.
 * @returns {"problem.passkeys-unavailable" | "passkeysMissing" | null} */
export function passkeyObstacle({ isSecureContext, location, PublicKeyCredential } = globalThis) {
  if (!isSecureContext || /^[\d.]+$|^\[/.test(location.hostname)) return "problem.passkeys-unavailable";
  return typeof PublicKeyCredential?.parseRequestOptionsFromJSON === "function" ? null : "passkeysMissing";
}

/** Whether the browser offers passkeys in a field, among the passwords that it knows. */
export const offersPasskeys = async () =>
  passkeyObstacle() === null && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;

/** Lets the browser make a passkey. Rejects where nobody agrees.
 * @param {PublicKeyCredentialCreationOptionsJSON} options */
export async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return toJson(await navigator.credentials.create({ publicKey }));
}

/** Lets the browser answer with a passkey. Rejects where nobody agrees, and where there are none.
 * @param {PublicKeyCredentialRequestOptionsJSON} options
 * @param {CredentialRequestOptions} [how] */
export async function usePasskey(options, how) {
  const obstacle = passkeyObstacle();
  if (obstacle) throw new DOMException(obstacle, obstacle === "passkeysMissing" ? "NotSupportedError" : "SecurityError");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return toJson(await navigator.credentials.get({ publicKey, ...how }));
}

/** @param {Credential | null} credential @returns {object} */
const toJson = (credential) => /** @type {PublicKeyCredential} */ (credential).toJSON();

/** What browsers call it when there is no passkey.
 * @type {Record<string, "passkeyCancelled" | "passkeyKnown" | "passkeysMissing" | "problem.passkeys-unavailable">} */
const REFUSALS = {
  NotAllowedError: "passkeyCancelled", // Or it took too long: browsers do not tell which.
  AbortError: "passkeyCancelled",
  InvalidStateError: "passkeyKnown",
  NotSupportedError: "passkeysMissing",
  SecurityError: "problem.passkeys-unavailable",
};

/** The words for why a browser gave no passkey, or null where something else went wrong.
 * @param {unknown} error */
export const refusalOf = (error) => (error instanceof DOMException ? (REFUSALS[error.name] ?? null) : null);
