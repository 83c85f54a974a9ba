// Who asks, for what, and where the answer goes; and the two answers.

import { session } from "../../data/stores.js";
import { SignedOut } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { isExpected, textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";
import { wayTo } from "./access-request.js";

/** Another page may put this one under a finger that is about to click a second time, or a key that is held down. So "Allow" is
 * deaf until the page has been in front for as long as it takes to see that it is another one. */
const DEAF_MS = 700;

/**
 * @param {import("../../data/accounts.js").AccessAsked} asked
 * @param {(scope: string | null) => Promise<void>} answer takes what is allowed; null: nothing
 * @param {() => void} onOther somebody else is signed in by now
 * @returns {{element: HTMLFormElement, deafen: () => void}}
 */
export function createQuestion({ client, redirect_origin, scope }, answer, onOther) {
  const form = fromTemplate("access-question", HTMLFormElement);
  const whose = session.user;
  findElement(form, "bdi").textContent = client.client_name;
  showWay(findElement(form, ".to"), redirect_origin);
  findElement(form, ".whose").textContent = whose?.username ?? "";
  const boxes = askedOf(form, scope.split(" "));
  const trouble = findElement(form, ".form-trouble");

  /** @param {string | null} allowed */
  const send = async (allowed) => {
    if (form.ariaBusy === "true") return;
    if (session.user?.id !== whose?.id) return onOther();
    form.ariaBusy = "true";
    try {
      await answer(allowed);
    } catch (error) {
      if (error instanceof SignedOut) return; // The sign-in comes, and then this question again.
      if (!isExpected(error)) console.error(error);
      const { key, params } = textOf(error);
      setText(trouble, key, params);
    } finally {
      form.ariaBusy = "false";
    }
  };

  const { deafen, isDeaf } = hearLate(findButton(form, ".allow"));
  findButton(form, ".deny").addEventListener("click", () => send(null));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isDeaf()) return;
    const allowed = boxes.filter((box) => box.checked).map((box) => box.value);
    if (allowed.length > 0) send(allowed.join(" "));
    else setText(trouble, "accessNothing");
  });
  form.addEventListener("change", () => setText(trouble, null));
  deafen();
  return { element: form, deafen };
}

/** Says where the answer goes. @param {HTMLElement} element @param {string} origin */
function showWay(element, origin) {
  const { host, isHere } = wayTo(origin);
  if (isHere) setText(element, "accessHere", { host });
  else element.textContent = host;
}

/** Shows what is asked for, to be ticked off; one thing alone can only be allowed or not.
 * @param {HTMLElement} form @param {string[]} scopes */
function askedOf(form, scopes) {
  const labels = [...form.querySelectorAll(".may")].filter((label) => scopes.includes(find(label, "input", HTMLInputElement).value));
  return labels.map((label) => {
    const box = find(label, "input", HTMLInputElement);
    /** @type {HTMLElement} */ (label).hidden = false;
    box.checked = true;
    box.disabled = labels.length === 1;
    return box;
  });
}

/** What makes a button be deaf for a moment, and look so.
 * @param {HTMLButtonElement} button */
function hearLate(button) {
  let until = 0;
  const isDeaf = () => performance.now() < until;
  const show = () => (button.ariaDisabled = String(isDeaf()));
  const deafen = () => {
    until = performance.now() + DEAF_MS;
    show();
    setTimeout(show, DEAF_MS + 20);
  };
  return { deafen, isDeaf };
}
