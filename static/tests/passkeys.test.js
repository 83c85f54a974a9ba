// Whether a page can use passkeys, and what is said where it gets none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { offersPasskeys, passkeyObstacle, refusalOf } from "../public/js/lib/passkeys.js";

class Known {
  static parseRequestOptionsFromJSON() {}
}
/** A window at a host. */
const at = (hostname, { isSecureContext = true, PublicKeyCredential = Known } = {}) => ({
  location: { hostname },
  isSecureContext,
  PublicKeyCredential,
});

test("passkeys belong to a domain over https, or to localhost", () => {
  for (const host of ["memo.example", "localhost", "1.example", "xn--9n2bp8q.example"]) assert.equal(passkeyObstacle(at(host)), null, host);
  for (const host of ["127.0.0.1", "10.0.0.8", "[::1]", "[fe80::1]"]) {
    assert.equal(passkeyObstacle(at(host)), "problem.passkeys-unavailable", host);
  }
  // Browsers hide them from plain http: it is not the browser that has none.
  const plain = at("memo.example", { isSecureContext: false, PublicKeyCredential: undefined });
  assert.equal(passkeyObstacle(plain), "problem.passkeys-unavailable");
});

test("a browser without them, or too old to read the server's words, has none", () => {
  for (const PublicKeyCredential of [null, class {}]) {
    assert.equal(passkeyObstacle(at("memo.example", { PublicKeyCredential })), "passkeysMissing");
  }
});

test("a browser that does not say so offers none in a field", async () => {
  Object.assign(globalThis, { ...at("memo.example") });
  assert.equal(await offersPasskeys(), false);
  Known.isConditionalMediationAvailable = async () => true;
  assert.equal(await offersPasskeys(), true);
  Known.isConditionalMediationAvailable = async () => false;
  assert.equal(await offersPasskeys(), false);
});

test("who cancels is told so, and mistakes of the site's own are not taken for that", () => {
  assert.equal(refusalOf(new DOMException("", "NotAllowedError")), "passkeyCancelled");
  assert.equal(refusalOf(new DOMException("", "InvalidStateError")), "passkeyKnown");
  assert.equal(refusalOf(new DOMException("", "DataCloneError")), null);
  assert.equal(refusalOf(new TypeError("no passkey")), null);
});
