// Korean that is only half written: initial consonants in place of syllables (ㅂㄷ for 배달), and a last syllable that is
// still being typed (갑, on the way to 가방). Syllables are numbered in Unicode so that arithmetic finds their parts.

const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
/** How many syllables begin with the same consonant, and with the same consonant and vowel. */
const PER_INITIAL = 588;
const PER_VOWEL = 28;

const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
/** What may stand below a vowel, by its number; a pair of consonants is written as two. */
const FINALS = " ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split(" ");

/** @param {string} letter */
const isSyllable = (letter) => letter.charCodeAt(0) >= FIRST_SYLLABLE && letter.charCodeAt(0) <= LAST_SYLLABLE;

/** A text as searches compare it: composed, and without the difference of cases.
 * @param {string} text */
export const fold = (text) => text.normalize("NFC").toLowerCase();

/** Whether a query is made of initial consonants alone.
 * @param {string} query */
export const isChosung = (query) => /^[ㄱ-ㅎ\s]*[ㄱ-ㅎ][ㄱ-ㅎ\s]*$/u.test(query);

/** Whether a query ends amid a syllable, or holds initial consonants: no text holds it as it is.
 * @param {string} query */
export const isHalfTyped = (query) => /[ㄱ-ㅎㅏ-ㅣ]/u.test(query);

/** A text with each syllable's initial consonant in its place, and without white space.
 * @param {string} text */
export function chosungOf(text) {
  const letters = fold(text).replace(/\s+/gu, "");
  return letters.replace(/[가-힣]/gu, (syllable) => INITIALS[Math.floor(offset(syllable) / PER_INITIAL)]);
}

/**
 * A test of whether a text holds every word of a query, the last of them perhaps half typed.
 * @param {string} query
 * @returns {(text: string) => boolean}
 */
export function matcher(query) {
  if (isChosung(query)) {
    const wanted = query.replace(/\s+/gu, "");
    return (text) => chosungOf(text).includes(wanted);
  }
  const words = wordsOf(query);
  const last = words.pop();
  const ending = last === undefined ? /^/u : new RegExp(halfTyped(last), "u");
  return (text) => {
    const folded = fold(text);
    return words.every((word) => folded.includes(word)) && ending.test(folded);
  };
}

/** The words of a query, folded.
 * @param {string} query */
export const wordsOf = (query) => fold(query).split(/\s+/u).filter((word) => word !== "");

/** A pattern of all that a word may become when its last letter is gone on with.
 * @param {string} word */
function halfTyped(word) {
  const before = escape(word.slice(0, -1));
  const last = word.slice(-1);
  if (INITIALS.includes(last)) return `${before}(?:${last}|${startingWith(last)})`;
  if (!isSyllable(last)) return escape(word);
  const final = FINALS[offset(last) % PER_VOWEL];
  const open = offset(last) - (offset(last) % PER_VOWEL);
  if (final === "") return `${before}[${syllable(open)}-${syllable(open + PER_VOWEL - 1)}]`;
  // The last consonant may belong to the syllable that comes.
  const stays = syllable(open + FINALS.indexOf(final.slice(0, -1)));
  return `${before}(?:${last}|${stays}${startingWith(final.slice(-1))})`;
}

/** @param {string} initial */
function startingWith(initial) {
  const first = INITIALS.indexOf(initial) * PER_INITIAL;
  return `[${syllable(first)}-${syllable(first + PER_INITIAL - 1)}]`;
}

/** @param {string} letter */
const offset = (letter) => letter.charCodeAt(0) - FIRST_SYLLABLE;
/** @param {number} number */
const syllable = (number) => String.fromCharCode(FIRST_SYLLABLE + number);
/** @param {string} text */
const escape = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
