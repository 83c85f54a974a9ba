// Verifies tokens with jose, and says what it makes of each: its claims, or why it refuses it.

import { webcrypto } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under its old name only.

const { jwks_uri, issuer, audience, tokens } = JSON.parse(process.argv[2]);
const keys = createRemoteJWKSet(new URL(jwks_uri));
const verdicts = [];
for (const token of tokens) {
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: "at+jwt", algorithms: ["EdDSA"] });
    verdicts.push({ claims: payload });
  } catch (error) {
    verdicts.push({ refused: error.code ?? String(error) });
  }
}
console.log(JSON.stringify(verdicts));
