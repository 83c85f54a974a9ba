// How hard a password is to guess, as far as that can be told without asking anybody: a rough count of what somebody has to
// try who knows how people make passwords. It is for people while they type; what may not be chosen, the issuer decides.
// Libraries for this bring dictionaries that are several times as large as all of the site.

import { COMMON_WORDS, LONGEST_WORD } from "./common-words.js";

/** @typedef {import("./i18n.js").TextKey} TextKey */
/** A piece of a password: how much of it, how many bits it adds, and what is to be said of it.
 * @typedef {{length: number, bits: number, why?: TextKey}} Piece */

/** The levels, in words.
 * @type {TextKey[]} */
export const LEVELS = ["strengthNone", "strengthWeak", "strengthFair", "strengthGood", "strengthStrong"];

/** So many bits each level but the first begins with: a thousand million guesses are 30. */
const BITS = [20, 32, 45, 60];
const LETTERS_MIN = 8;
/** Longer passwords are strong enough by then, and looking at all of one would take time at each key. */
const LOOKED_AT = 64;
/** What the app is called. */
const SITE_WORDS = ["memo", "pad", "메모장", "메모"];
const ROWS = [
  "`1234567890-=",
  "qwertyuiop[]",
  "asdfghjkl;'",
  "zxcvbnm,./",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "1q2w3e4r5t6y7u8i9o0p",
  "q1w2e3r4t5y6u7i8o9p0",
  "!@#$%^&*()_+",
  "가나다라마바사아자차카타파하",
];
const RUNS = ROWS.flatMap((row) => [row, reversed(row)]);
/** What people write for letters. */
const LOOKALIKES = new Map(Object.entries({ 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", "@": "a", $: "s", "!": "i" }));

/**
 * @param {string} password
 * @param {string} [username] whose it is
 * @returns {{level: number, why: TextKey | null}} how good, from 0 to 4, and what makes it worse than it could be
 */
export function strengthOf(password, username = "") {
  const all = [...password.normalize("NFC")];
  if (all.length < LETTERS_MIN) return { level: 0, why: "strengthShort" };
  const letters = all.slice(0, LOOKED_AT);
  const names = [username, ...SITE_WORDS].map((name) => name.trim().toLowerCase()).filter((name) => name.length > 1);
  const pieces = piecesOf(letters, names);
  const bits = pieces.reduce((sum, piece) => sum + piece.bits, 0);
  const level = BITS.filter((from) => bits >= from).length;
  return { level, why: level < 3 ? (mostOf(pieces)?.why ?? null) : null };
}

/** What the longest weak piece of all has to say.
 * @param {Piece[]} pieces */
function mostOf(pieces) {
  const weak = pieces.filter(({ why }) => why);
  return weak.sort((one, other) => other.length - one.length).at(0);
}

/** @param {string[]} letters @param {string[]} names */
function piecesOf(letters, names) {
  const lower = letters.map((letter) => letter.toLowerCase());
  const plain = lower.map((letter) => LOOKALIKES.get(letter) ?? letter);
  /** @type {Piece[]} */
  const pieces = [];
  for (let at = 0; at < letters.length; ) {
    const found = [nameAt(lower, at, names), wordAt(lower, at), wordAt(plain, at), runAt(lower, at), seriesAt(lower, at), repeatAt(lower, at), dateAt(lower, at)];
    // The cheapest of all ways to guess what comes here, for each of its letters.
    const [best] = found.filter((one) => one !== null).sort((one, other) => one.bits / one.length - other.bits / other.length);
    const piece = best ?? letterAt(letters, at);
    pieces.push(piece);
    at += piece.length;
  }
  return pieces;
}

/** @param {string[]} letters @param {number} at @param {string[]} names @returns {Piece | null} */
function nameAt(letters, at, names) {
  const rest = letters.slice(at).join("");
  const found = names.filter((one) => rest.startsWith(one)).sort((one, other) => other.length - one.length).at(0);
  return found ? { length: [...found].length, bits: 1, why: "strengthName" } : null;
}

/** @param {string[]} letters @param {number} at @returns {Piece | null} */
function wordAt(letters, at) {
  for (let length = Math.min(LONGEST_WORD, letters.length - at); length > 1; length -= 1) {
    if (COMMON_WORDS.has(letters.slice(at, at + length).join(""))) return { length, bits: 9, why: "strengthWord" };
  }
  return null;
}

/** Keys beside each other, or what is learnt by heart. @param {string[]} letters @param {number} at @returns {Piece | null} */
function runAt(letters, at) {
  let length = 4;
  const isRun = () => at + length <= letters.length && RUNS.some((row) => row.includes(letters.slice(at, at + length).join("")));
  if (!isRun()) return null;
  while (isRun()) length += 1;
  return { length: length - 1, bits: 8, why: "strengthKeys" };
}

/** One after the other, as abcd and 4321. @param {string[]} letters @param {number} at @returns {Piece | null} */
function seriesAt(letters, at) {
  const code = (/** @type {number} */ index) => letters[index]?.codePointAt(0) ?? NaN;
  const step = code(at + 1) - code(at);
  let length = 2;
  while (Math.abs(step) === 1 && code(at + length) - code(at + length - 1) === step) length += 1;
  return length > 2 ? { length, bits: 7, why: "strengthSeries" } : null;
}

/** The same once more, and again. @param {string[]} letters @param {number} at @returns {Piece | null} */
function repeatAt(letters, at) {
  for (let size = 1; size <= 4; size += 1) {
    const isSame = (/** @type {number} */ index) => index < letters.length && letters[index] === letters[index - size];
    let length = size;
    while (isSame(at + length)) length += 1;
    if (length >= 3 && length >= 2 * size) return { length, bits: 5 * size + Math.log2(length / size), why: "strengthRepeat" };
  }
  return null;
}

/** @param {string[]} letters @param {number} at @returns {Piece | null} */
function dateAt(letters, at) {
  const digits = /^(?:19|20)\d\d(?:(?:0\d|1[0-2])(?:[0-2]\d|3[01]))?/.exec(letters.slice(at, at + 8).join(""))?.[0];
  return digits ? { length: digits.length, bits: digits.length > 4 ? 14 : 6, why: "strengthDate" } : null;
}

/** A letter that is nothing of all this. In a word, which letter comes next is half told by those before it.
 * @param {string[]} letters @param {number} at @returns {Piece} */
function letterAt(letters, at) {
  const [letter, before] = [letters[at], letters[at - 1] ?? ""];
  const isLetter = (/** @type {string} */ one) => /^\p{L}$/u.test(one);
  if (isLetter(letter) && isLetter(before)) return { length: 1, bits: /^[\x20-\x7e]$/.test(letter) ? 3 : 5 };
  if (isLetter(letter)) return { length: 1, bits: /^[\x20-\x7e]$/.test(letter) ? 4.7 : 8 };
  return { length: 1, bits: /^\d$/.test(letter) ? 3.3 : 5 };
}

/** @param {string} text */
function reversed(text) {
  return [...text].reverse().join("");
}
