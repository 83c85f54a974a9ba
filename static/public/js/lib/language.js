// Which language the page speaks. The page loads this module before all others, so that the words are on their way
// while the rest is still coming.

import { FALLBACK, LANGUAGES } from "../../locales/languages.js";
import { local } from "./storage.js";

/** @typedef {import("../../locales/languages.js").Words} Words */
/** @typedef {import("./message.js").Message} Message */
/** @typedef {{tag: string, words: Partial<Record<keyof Words, Message>>, isWhole: boolean}} Language */

const REMEMBERED = "language";

/**
 * The first of the wanted languages that the site speaks.
 * @param {readonly (string | null)[]} wanted
 */
export function choose(wanted) {
  const tags = wanted.map((tag) => tag?.split("-")[0].toLowerCase() ?? "");
  return tags.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? FALLBACK;
}

/**
 * @param {string} tag
 * @param {boolean} [isWhole] with the words of the screens that come later
 * @returns {Promise<Language>}
 */
export async function load(tag, isWhole = false) {
  const source = LANGUAGES[tag];
  const [words, late] = await Promise.all([source.load(), isWhole ? source.loadLate() : null]);
  return { tag, words: { ...words.default, ...late?.default }, isWhole };
}

/** Makes a language the one that this browser's next visit begins with.
 * @param {string} tag */
export const remember = (tag) => local.set(REMEMBERED, tag);

const wanted = choose([local.get(REMEMBERED), ...(globalThis.navigator?.languages ?? [])]);

/** The language of this visit; where its words do not come, the fallback. */
export const first = load(wanted).catch(() => load(FALLBACK));
first.catch(() => {}); // Whoever awaits it hears of the failure.
