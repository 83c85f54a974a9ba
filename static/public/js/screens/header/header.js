// The header of every page: the way home and the choice of language.

import { LANGUAGES } from "../../../locales/languages.js";
import { changeLanguage, currentLanguage, startLanguage } from "../../lib/i18n.js";
import { find } from "../../lib/dom.js";

/**
 * Translates the page and makes the header's list the switch of its language.
 * @param {(error: unknown) => void} onError is told when another language's words do not come
 */
export async function startHeader(onError) {
  await startLanguage();
  const select = find(document, "#language", HTMLSelectElement);
  for (const [tag, { name }] of Object.entries(LANGUAGES)) {
    const option = new Option(name, tag);
    option.lang = tag;
    select.append(option);
  }
  select.value = currentLanguage();
  select.addEventListener("change", async () => {
    try {
      await changeLanguage(select.value);
    } catch (error) {
      select.value = currentLanguage();
      onError(error);
    }
  });
  document.documentElement.dataset.ready = "";
}
