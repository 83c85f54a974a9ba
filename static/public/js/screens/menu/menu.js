// A button that opens a menu, as the ARIA Authoring Practices have it: arrows move, Escape closes and gives the
// focus back to the button, and Tab goes on from it.

import { setText } from "../../lib/i18n.js";

/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */
/** What a menu offers: something to do, or somewhere to go.
 * @typedef {{name: string, text: TextKey, act?: () => void, address?: string}} Item */

/**
 * Makes `button` open a menu of what `items` tells at that moment.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<Item[]>} items
 */
export function menuButton(button, items) {
  /** @type {HTMLElement | null} */
  let menu = null;
  button.ariaHasPopup = "menu";
  button.ariaExpanded = "false";

  /** @param {boolean} [keepsFocus] */
  const close = (keepsFocus = false) => {
    const open = menu;
    menu = null;
    button.ariaExpanded = "false";
    if (!keepsFocus) button.focus();
    open?.remove();
  };
  /** @param {number} first the entry that gets the focus */
  const open = async (first) => {
    const offered = await items();
    if (menu || !button.isConnected) return;
    menu = build(offered, close);
    button.ariaExpanded = "true";
    button.after(menu);
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      const isInside = relatedTarget instanceof Node && (menu?.contains(relatedTarget) || relatedTarget === button);
      if (menu && !isInside) close(true);
    });
    entriesOf(menu).at(first)?.focus({ preventScroll: true });
    menu.scrollIntoView({ block: "nearest" });
  };
  button.addEventListener("click", () => (menu ? close() : open(0)));
  // The menu would close for the loss of the focus, and the click open it again.
  button.addEventListener("mousedown", (event) => menu && event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });
}

/** @param {Element} menu */
const entriesOf = (menu) => [.../** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll("[role=menuitem]"))];

/** @param {Item[]} items @param {() => void} close */
function build(items, close) {
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.role = "menu";
  menu.append(...items.map((item) => entry(item, close)));
  menu.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else move(menu, event);
  });
  return menu;
}

/** @param {Element} menu @param {KeyboardEvent} event */
function move(menu, event) {
  const entries = entriesOf(menu);
  const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 };
  const letter = event.key.length === 1 ? event.key.toLowerCase() : "";
  const after = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  const named = letter.trim() && after.find((one) => one.textContent?.toLowerCase().startsWith(letter));
  const target = event.key in places ? entries[(places[event.key] + entries.length) % entries.length] : named;
  if (!target) return;
  event.preventDefault();
  target.focus();
}

/** @param {Item} item @param {() => void} close */
function entry({ name, text, act, address }, close) {
  const element = document.createElement(address === undefined ? "button" : "a");
  if (element instanceof HTMLAnchorElement) element.href = address ?? "";
  else element.type = "button";
  element.role = "menuitem";
  element.tabIndex = -1;
  element.className = name;
  setText(element, text);
  element.addEventListener("click", () => {
    close();
    act?.();
  });
  return element;
}
