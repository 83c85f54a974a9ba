// A message of a locale with its parameters filled in.

import { perLanguage } from "./per-language.js";

const numbersIn = perLanguage((language) => new Intl.NumberFormat(language));
const pluralsIn = perLanguage((language) => new Intl.PluralRules(language));

/**
 * A text, or its plural forms by the categories of `Intl.PluralRules`, and one for none at all. `{name}` stands for a
 * parameter; the plural form is chosen by the parameter `count`.
 * @typedef {string | {none?: string, one?: string, other: string}} Message
 */
/** @typedef {Record<string, string | number>} Params */

/**
 * The message in words. A parameter that is not given stays visible as `{name}`, which a test or an eye then finds.
 * @param {Message} message
 * @param {Params} params
 * @param {string} language
 */
export function format(message, params, language) {
  return pattern(message, params, language).replace(/\{(\w+)\}/g, (placeholder, name) => {
    const value = params[name];
    if (value === undefined) return placeholder;
    return typeof value === "number" ? numbersIn(language).format(value) : value;
  });
}

/**
 * @param {Message} message
 * @param {Params} params
 * @param {string} language
 */
function pattern(message, params, language) {
  if (typeof message === "string") return message;
  if (params.count === 0 && message.none !== undefined) return message.none;
  const category = pluralsIn(language).select(Number(params.count));
  return (category === "one" ? message.one : undefined) ?? message.other;
}

/**
 * The names of a message's parameters, sorted.
 * @param {Message} message
 */
export function parametersOf(message) {
  const forms = typeof message === "string" ? [message] : Object.values(message);
  const names = forms.flatMap((form) => Array.from(form.matchAll(/\{(\w+)\}/g), ([, name]) => name));
  return [...new Set(names)].sort();
}
