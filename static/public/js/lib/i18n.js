// Puts the language's words into the page.

import { first, load, remember } from "./language.js";
import { format } from "./message.js";
import { showTime, showTimes } from "./time.js";

/** @typedef {keyof import("./language.js").Words} TextKey */
/** @typedef {import("./message.js").Params} Params */

/** @type {import("./language.js").Language} */
let language;

/** The parameters of elements whose text has some; the key stands in `data-text`.
 * @type {WeakMap<Element, Params>} */
const paramsOf = new WeakMap();

/** Waits for the words of this visit's language and translates the page. Rejects where no words can be had. */
export async function startLanguage() {
  language = await first;
  speak();
}

/** The tag of the language that the page speaks. */
export const currentLanguage = () => language.tag;

/** Speaks another language from now on. Rejects, and changes nothing, where its words do not come.
 * @param {string} tag */
export async function changeLanguage(tag) {
  language = await load(tag, language.isWhole);
  remember(tag);
  speak();
}

/** Brings the words of the screens that come later. Rejects where they do not come.
 * @returns {Promise<void>} */
export async function needAllWords() {
  if (language.isWhole) return;
  const whole = await load(language.tag, true);
  if (language.tag !== whole.tag) return needAllWords(); // Another language was chosen meanwhile.
  language = whole;
}

/** Fires `change` when the page speaks another language from now on. */
export const languageChange = new EventTarget();

function speak() {
  document.documentElement.lang = language.tag;
  translate(document);
  languageChange.dispatchEvent(new Event("change"));
}

/**
 * Whether there are words for `key`.
 * @param {string} key
 * @returns {key is TextKey}
 */
export const has = (key) => Object.hasOwn(language.words, key);

/**
 * The words for `key`.
 * @param {TextKey} key
 * @param {Params} [params]
 */
export const t = (key, params = {}) => format(language.words[key] ?? "", params, language.tag);

/** @param {string | undefined} key */
const words = (key, params = {}) => (key && has(key) ? t(key, params) : "");

/**
 * Gives an element words that change with the language; null empties it.
 * @param {Element} element
 * @param {TextKey | null} key
 * @param {Params} [params]
 */
export function setText(element, key, params) {
  element.setAttribute("data-text", key ?? "");
  if (params) paramsOf.set(element, params);
  else paramsOf.delete(element);
  element.textContent = words(key ?? "", params);
}

/**
 * Puts the language's words into `root`: texts, labels, placeholders and times.
 * @param {Document | DocumentFragment | Element} root
 */
export function translate(root) {
  /** @param {string} name @param {(element: HTMLElement, key: string | undefined) => void} act */
  const each = (name, act) => {
    const elements = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(`[data-${name}]`));
    for (const element of elements) act(element, element.dataset[name]);
  };
  each("text", (element, key) => (element.textContent = words(key, paramsOf.get(element))));
  each("label", (element, key) => (element.ariaLabel = words(key)));
  each("placeholder", (element, key) => element.setAttribute("placeholder", words(key)));
  showTimes(root, language.tag);
}

/**
 * Gives a `<time>` its moment, in the page's language.
 * @param {HTMLTimeElement} element
 * @param {string} iso
 */
export const setTime = (element, iso) => showTime(element, iso, language.tag);

/** Tells all times of the page anew, as time has gone on. */
export const renewTimes = () => showTimes(document, language.tag);
