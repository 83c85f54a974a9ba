// The search field: what is typed is searched for at once, also amid a syllable, and stands in the address.

import { find, fromTemplate } from "../../lib/dom.js";
import { searchAddress } from "../../routes.js";

/** Between two keys of somebody who types. */
const PAUSE_MS = 150;

export class SearchField {
  element = fromTemplate("search-field", HTMLElement);
  #input = find(this.element, "input", HTMLInputElement);
  #router;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isSearching = false;

  /** @param {import("../../router.js").Router} router */
  constructor(router) {
    this.#router = router;
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), PAUSE_MS);
    });
    find(this.element, "form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
      this.#input.blur(); // On a phone the keyboard makes room for what was found.
    });
  }

  /** @param {import("../../router.js").Place} place */
  show({ route, query }) {
    const wasSearching = this.#isSearching;
    this.#isSearching = route.path === "/search";
    const isTyping = document.activeElement === this.#input;
    if (!isTyping) this.#input.value = this.#isSearching ? (query.get("q") ?? "") : "";
    if (!this.#isSearching) clearTimeout(this.#timer);
    if (this.#isSearching && !wasSearching && !query.get("q")) queueMicrotask(() => this.#input.focus());
  }

  /** Tells whether the field is to be seen. */
  focus() {
    if (!this.#input.checkVisibility()) return false;
    this.#input.focus();
    this.#input.select();
    return true;
  }

  /** The first search is a place of its own to come back from; the next ones take its place. */
  #search() {
    clearTimeout(this.#timer);
    const q = this.#input.value.trim();
    const address = searchAddress(q);
    if (!this.#isSearching && q === "") return;
    if (address !== this.#router.place.address) this.#router.go(address, { replace: this.#isSearching });
  }
}
