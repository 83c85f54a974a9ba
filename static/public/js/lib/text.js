// What can be said about a text.

/** The server's limit on a memo, in bytes of UTF-8. */
export const TEXT_MAX_BYTES = 65_536;

/** What search and tags compare: spelled in capitals or not, with letters composed or not, it is the same after this. It
 * is Unicode's case folding, as the memo service does it, which is what capitals in small letters are; but for two.
 * @param {string} text */
export const foldText = (text) =>
  text.normalize("NFC").replace(/[^ı]+/g, (part) => part.toUpperCase().toLowerCase()).replaceAll("ς", "σ");

/** How many letters people would count: code points, so that 한 and 😀 are one each, however they are stored.
 * @param {string} text */
export const countLetters = (text) => [...text].length;

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text).length;

/**
 * Why `text` cannot be saved as a memo, in words of the locales, or null.
 * @param {string} text
 * @returns {import("./error-text.js").Text | null}
 */
export function validateMemo(text) {
  if (text.trim() === "") return { key: "memoBlank" };
  if (bytes(text) > TEXT_MAX_BYTES) return { key: "memoTooLong", params: { count: countLetters(text) } };
  return null;
}
