// The languages that the site speaks. Another one takes a line here, a file beside this one, and its prose in
// problems.html and 404.html.

/** @typedef {typeof import("./en.js").default} Words */

/** @type {Record<string, {name: string, load: () => Promise<{default: Record<keyof Words, import("../js/lib/message.js").Message>}>}>} */
export const LANGUAGES = {
  ko: { name: "한국어", load: () => import("./ko.js") },
  en: { name: "English", load: () => import("./en.js") },
};

/** Spoken to those whose languages the site does not speak. */
export const FALLBACK = "en";
