// The offer to load the next release: it waits at the edge of the page until somebody wants it. A page that can't have a part
// of its own release any more needs it.

import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { notifyTrouble } from "../toast/toast.js";

/** @type {HTMLElement | null} */
let offer = null;
/** The release that is offered, and the one that its reader does not want to hear of again. */
let [offered, dismissed] = ["", ""];

/** Offers a release, unless that was declined before.
 * @param {string} release */
export function showOffer(release) {
  if (release === dismissed) return;
  offered = release;
  show("newRelease");
}

/** Takes the offer back. */
export function hideOffer() {
  if (offer) show(null);
}

/** Tells that a part of the site did not come: the server can't be reached, or it has another release by now. Without a
 * service worker, nobody has kept this one. */
export async function tellMissing() {
  const answer = await fetch(import.meta.url, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (answer?.status === 404) show("oldRelease");
  else notifyTrouble({ key: "problem.unreachable" });
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

/** @param {"newRelease" | "oldRelease" | null} words */
function show(words) {
  offer ??= createOffer();
  for (const button of offer.querySelectorAll("button")) button.hidden = words === null;
  // The words come into an element that is there already, or screen readers would not announce them.
  setText(findElement(offer, "p"), words);
}
