// Korean that is only half written: initial consonants in place of syllables (ㅂㄷ for 배달), and a last syllable that is
// still being typed (갑, on the way to 가방). Syllables are numbered in Unicode so that arithmetic finds their parts.

import { foldText } from "./text.js";

const FIRST_SYLLABLE = 0xac00;
/** How many syllables begin with the same consonant, and with the same consonant and vowel. */
const PER_INITIAL = 588;
const PER_VOWEL = 28;
/** More are not marked in one text. */
const MARKS_MAX = 50;

const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
/** What may stand below a vowel, by its number; a pair of consonants is written as two. */
const FINALS = " ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split(" ");

/** Whether a query is made of initial consonants alone.
 * @param {string} query */
export const isChosung = (query) => /^[ㄱ-ㅎ\s]*[ㄱ-ㅎ][ㄱ-ㅎ\s]*$/u.test(query);

/** Whether a query holds letters of syllables that are not whole: no text holds it as it is.
 * @param {string} query */
export const isHalfTyped = (query) => /[ㄱ-ㅎㅏ-ㅣ]/u.test(query);

/**
 * What has to be in a folded text that a query is to find: a pattern per word, or one of all its initial consonants,
 * between which there may be spaces.
 * @param {string} query
 */
export function patternsOf(query) {
  const words = foldText(query).split(/\s+/u).filter((word) => word !== "");
  if (isChosung(query)) return [new RegExp([...words.join("")].map(initial).join("\\s*"), "gu")];
  return words.map((word, index) => new RegExp(index === words.length - 1 ? halfTyped(word) : escape(word), "gu"));
}

/**
 * A test of whether a text holds all that a query asks for.
 * @param {string} query
 * @returns {(text: string) => boolean}
 */
export function matcher(query) {
  const patterns = patternsOf(query);
  return (text) => {
    const folded = foldText(text);
    return patterns.every((pattern) => folded.search(pattern) !== -1);
  };
}

/** What of a text a query has found, folded: the words to mark.
 * @param {string} text @param {string} query */
export function foundIn(text, query) {
  const folded = foldText(text);
  return [...new Set(patternsOf(query).flatMap((pattern) => folded.match(pattern) ?? []))].slice(0, MARKS_MAX);
}

/** An initial consonant as it is, or any syllable that begins with it. @param {string} letter */
const initial = (letter) => (INITIALS.includes(letter) ? `(?:${letter}|${startingWith(letter)})` : letter);

/** A pattern of all that a word may become when its last letter is gone on with.
 * @param {string} word */
function halfTyped(word) {
  const before = escape(word.slice(0, -1));
  const last = word.slice(-1);
  if (INITIALS.includes(last)) return before + initial(last);
  if (!/[가-힣]/u.test(last)) return escape(word);
  const final = FINALS[offset(last) % PER_VOWEL];
  const open = offset(last) - (offset(last) % PER_VOWEL);
  if (final === "") return `${before}[${syllable(open)}-${syllable(open + PER_VOWEL - 1)}]`;
  // The last consonant may belong to the syllable that comes.
  const stays = syllable(open + FINALS.indexOf(final.slice(0, -1)));
  return `${before}(?:${last}|${stays}${startingWith(final.slice(-1))})`;
}

/** @param {string} consonant */
function startingWith(consonant) {
  const first = INITIALS.indexOf(consonant) * PER_INITIAL;
  return `[${syllable(first)}-${syllable(first + PER_INITIAL - 1)}]`;
}

/** @param {string} letter */
const offset = (letter) => letter.charCodeAt(0) - FIRST_SYLLABLE;
/** @param {number} number */
const syllable = (number) => String.fromCharCode(FIRST_SYLLABLE + number);
/** @param {string} text */
const escape = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
