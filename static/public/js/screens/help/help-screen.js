// What to know about writing here: Markdown, the keys, what happens to texts, and how they come here from elsewhere.

import { MODIFIER, SAVE_KEYS } from "../../lib/device.js";
import { find, findButton, findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { languageChange, t } from "../../lib/i18n.js";
import { renderMarkdown } from "../../lib/markdown/render.js";
import { notify } from "../toast/toast.js";
import { bookmarkletFor } from "./bookmarklet.js";

export function createHelpScreen() {
  const screen = fromTemplate("help-screen", HTMLElement);
  findElement(screen, ".save-keys").textContent = SAVE_KEYS;
  for (const key of screen.querySelectorAll(".with-control")) key.textContent = `${MODIFIER} ${key.textContent}`;
  const showSample = () => findElement(screen, ".shown").replaceChildren(renderMarkdown(t("helpSample")));
  languageChange.addEventListener("change", showSample);
  showSample();
  startBookmarklet(screen);
  /** @param {unknown} _ @param {string} how one got here */
  const show = (_, how) => how !== "load" && focusHeading(screen);
  return { element: screen, show };
}

/** @param {HTMLElement} screen */
function startBookmarklet(screen) {
  const address = bookmarkletFor(location.origin);
  const link = find(screen, ".bookmarklet", HTMLAnchorElement);
  link.href = address; // To be dragged. A click would do nothing but make the browser refuse it.
  for (const click of ["click", "auxclick"]) {
    link.addEventListener(click, (event) => {
      event.preventDefault();
      notify({ key: "bookmarkletDrag" });
    });
  }
  const code = find(screen, ".code", HTMLInputElement);
  code.value = address;
  code.addEventListener("focus", () => code.select());
  findButton(screen, ".copy button").addEventListener("click", async () => {
    code.focus();
    try {
      await navigator.clipboard.writeText(address);
      notify({ key: "copied" });
    } catch {
      notify({ key: "copySelected" }); // Browsers keep the clipboard from pages that come over plain http.
    }
  });
}
