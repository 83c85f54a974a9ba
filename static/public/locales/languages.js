// The languages that the site speaks. Another one takes a line here, a file beside this one and one in late/, and its prose
// in problems.html and 404.html.

/** The words that every visit needs, and those of the screens that come when somebody goes there.
 * @typedef {typeof import("./en.js").default} FirstWords */
/** @typedef {typeof import("./late/en.js").default} LateWords */
/** @typedef {FirstWords & LateWords} Words */
/** @typedef {import("../js/lib/message.js").Message} Message */

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {() => Promise<{default: Record<keyof FirstWords, Message>}>} load
 * @property {() => Promise<{default: Record<keyof LateWords, Message>}>} loadLate
 */

/** @type {Record<string, Source>} */
export const LANGUAGES = {
  ko: { name: "한국어", load: () => import("./ko.js"), loadLate: () => import("./late/ko.js") },
  en: { name: "English", load: () => import("./en.js"), loadLate: () => import("./late/en.js") },
};

/** Spoken to those whose languages the site does not speak. */
export const FALLBACK = "en";
