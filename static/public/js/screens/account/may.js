// What a program may do, in plain words.

/** @param {string} scope of a token or a connected program @returns {import("../../lib/i18n.js").TextKey} */
export function mayOf(scope) {
  const scopes = scope.split(" ");
  if (!scopes.includes("memos:write")) return "tokenMayRead";
  return scopes.includes("memos:read") ? "tokenMayWrite" : "tokenMayWriteOnly";
}
