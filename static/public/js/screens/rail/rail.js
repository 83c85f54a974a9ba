// The rail: search, the lists, the tags and the account. It stands at the left where there is room, and is a drawer
// elsewhere; it is one element that moves between the two.

import { session } from "../../data/stores.js";
import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { languageChange, setText } from "../../lib/i18n.js";
import { foldText } from "../../lib/text.js";
import { titleOf } from "../pad/pad-head.js";
import { SearchField } from "../search/search-field.js";
import { startAccount } from "./account.js";
import { TagTree } from "./tag-tree.js";

/** @typedef {import("../../router.js").Place} Place */

/** Wide enough for a rail beside the memos. The style sheet asks the same. */
const WIDE = "(width >= 62.5rem)";

export class Rail {
  #rail = fromTemplate("rail", HTMLElement);
  #side = findElement(document, "#side");
  #bar = fromTemplate("member-bar", HTMLElement);
  #drawer = document.createElement("dialog");
  #wide = matchMedia(WIDE);
  #search;
  #tree = new TagTree(this.#rail);
  /** @type {Place | null} */
  #place = null;

  /** @param {import("../../router.js").Router} router */
  constructor(router) {
    this.#search = new SearchField(router);
    this.#drawer.id = "drawer";
    this.#drawer.className = "drawer";
    this.#drawer.setAttribute("closedby", "any");
    document.body.append(this.#drawer);
    findElement(document, "header .home").after(this.#bar);
    startAccount(this.#rail);
    findButton(this.#bar, "#open-rail").addEventListener("click", () => this.#drawer.showModal());
    findButton(this.#rail, "#close-rail").addEventListener("click", () => this.#drawer.close());
    this.#drawer.addEventListener("click", ({ target }) => target === this.#drawer && this.#drawer.close());
    this.#rail.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("a, #sign-out")) this.#drawer.close();
    });
    this.#wide.addEventListener("change", () => this.#arrange());
    session.addEventListener("change", () => this.#arrange());
    languageChange.addEventListener("change", () => this.#tree.show(foldText(this.#place?.params.tag ?? "")));
    this.#arrange();
  }

  /** Shows where one is. @param {Place} place */
  show(place) {
    this.#place = place;
    this.#drawer.close();
    const { key, params } = titleOf(place);
    setText(findElement(this.#bar, ".place-name"), key, params);
    for (const link of this.#rail.querySelectorAll("a")) {
      if (link.closest(".tags") || link.classList.contains("home")) continue;
      link.ariaCurrent = link.pathname === place.route.path ? "page" : null;
    }
    this.#tree.show(foldText(place.params.tag ?? ""));
    this.#search.show(place);
    this.#arrange();
  }

  /** Moves the focus to the search field, if there is one here. Tells whether there is. */
  focusSearch() {
    return this.#search.focus();
  }

  /** Puts everything where it belongs in this window, for members and for guests. */
  #arrange() {
    // Who has no account has a pad all the same.
    const isMember = session.user !== null || !["sign-in", "recover"].includes(this.#place?.route.screen ?? "");
    const isWide = this.#wide.matches;
    const isSearch = this.#place?.route.path === "/search";
    document.documentElement.toggleAttribute("data-member", isMember);
    if (isWide) this.#drawer.close();
    move(this.#rail, isWide ? this.#side : this.#drawer);
    move(this.#search.element, isWide ? findElement(this.#rail, ".search-slot") : this.#bar);
    this.#bar.classList.toggle("searching", isSearch);
    move(findElement(document, "#sync-state"), isWide && isMember ? findElement(this.#rail, ".sync-slot") : findElement(document, "header.bar"));
    const language = findElement(document, "#language");
    move(language, isMember ? findElement(this.#rail, ".language-slot") : findElement(document, "header.bar"));
  }
}

/** Puts an element into another, unless it is there: moving takes the focus away.
 * @param {Element} element @param {Element} parent */
function move(element, parent) {
  if (element.parentElement !== parent) parent.append(element);
}
