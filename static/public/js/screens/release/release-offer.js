// The offer to load the next release: it waits at the edge of the page until somebody wants it.

import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";

/** @type {HTMLElement | null} */
let offer = null;
/** The release that is offered, and the one that its reader does not want to hear of again. */
let [offered, dismissed] = ["", ""];

/** Offers a release, unless that was declined before.
 * @param {string} release */
export function showOffer(release) {
  if (release === dismissed) return;
  offered = release;
  offer ??= createOffer();
  toggle(offer, true);
}

/** Takes the offer back. */
export function hideOffer() {
  if (offer) toggle(offer, false);
}

function createOffer() {
  const element = fromTemplate("release-offer", HTMLElement);
  // What is being written is kept as through any reload.
  findButton(element, ".reload").addEventListener("click", () => location.reload());
  findButton(element, ".close").addEventListener("click", () => {
    dismissed = offered;
    hideOffer();
  });
  findElement(document, "main").before(element);
  return element;
}

/** @param {HTMLElement} element @param {boolean} isShown */
function toggle(element, isShown) {
  for (const button of element.querySelectorAll("button")) button.hidden = !isShown;
  // The words come into an element that is there already, or screen readers would not announce them.
  setText(findElement(element, "p"), isShown ? "newRelease" : null);
}
