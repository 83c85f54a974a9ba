// <sign-in-form>: one form for signing in and for creating an account. Its `data-mode`, told by the address, is what
// Enter does. The other button leads to the other address, and where both fields are filled already, acts at once.

import { session } from "../../data/stores.js";
import { isProblem, Problem } from "../../lib/api.js";
import { hasKeyboard } from "../../lib/device.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { countLetters } from "../../lib/text.js";
import { clearToast, notifyError } from "../toast/toast.js";

/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */
/** @typedef {"sign-in" | "sign-up"} Mode */

const USERNAME = /^[a-z0-9][a-z0-9._-]{2,31}$/i;
const PASSWORD = { min: 8, max: 128 };

class SignInForm extends HTMLElement {
  #form = find(this, "form", HTMLFormElement);
  #username = find(this, "#username", HTMLInputElement);
  #password = find(this, "#password", HTMLInputElement);
  #reveal = findButton(this, ".reveal");
  /** Only accounts with a second factor are asked for a code. */
  #code = find(this, "#code", HTMLInputElement);
  #buttons = { "sign-in": findButton(this, "#sign-in"), "sign-up": findButton(this, "#sign-up") };
  #busy = false;
  /** @type {import("../../router.js").Router | undefined} */
  router;

  constructor() {
    super();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    for (const mode of /** @type {Mode[]} */ (["sign-in", "sign-up"])) {
      this.#buttons[mode].addEventListener("click", (event) => this.#choose(mode, event));
    }
    this.#reveal.addEventListener("click", () => this.#showPassword(this.#password.type === "password"));
    for (const field of [this.#username, this.#password, this.#code]) {
      field.addEventListener("input", () => this.#setFieldError(field, null));
    }
    this.#showPassword(false);
  }

  /** @param {import("../../router.js").Place} place */
  show(place) {
    this.#setMode(place.route.path === "/sign-up" ? "sign-up" : "sign-in");
    if (hasKeyboard()) this.#username.focus();
  }

  get #isSignUp() {
    return this.dataset.mode === "sign-up";
  }

  /** @param {Mode} mode @param {Event} event */
  #choose(mode, event) {
    if (this.dataset.mode === mode) return; // The form's own submit button.
    event.preventDefault();
    this.#goTo(mode);
    if (this.#username.value && this.#password.value) this.#submit();
    else this.#username.focus();
  }

  /** @param {Mode} mode */
  #goTo(mode) {
    this.router?.go(`/${mode}`, { replace: true, next: this.router.next });
  }

  /** @param {Mode} mode */
  #setMode(mode) {
    this.dataset.mode = mode;
    const isSignUp = this.#isSignUp;
    setText(findElement(this, "h1"), isSignUp ? "signUpTitle" : "signInTitle");
    setText(findElement(this, ".lead"), isSignUp ? "signUpLead" : "signInLead");
    setText(this.#buttons["sign-in"], isSignUp ? "signInInstead" : "signIn");
    setText(this.#buttons["sign-up"], isSignUp ? "signUpNow" : "signUp");
    for (const [its, button] of Object.entries(this.#buttons)) {
      button.type = its === mode ? "submit" : "button";
      button.className = its === mode ? "primary" : "quiet";
    }
    for (const hint of this.querySelectorAll(".hint")) hint.toggleAttribute("hidden", !isSignUp);
    // Password managers offer a new password for one mode and the old one for the other.
    this.#password.autocomplete = isSignUp ? "new-password" : "current-password";
    this.#setFieldError(this.#username, null);
    this.#setFieldError(this.#password, null);
    this.#askForCode(false);
  }

  /** @param {boolean} isAsked */
  #askForCode(isAsked) {
    findElement(this, ".code").hidden = !isAsked;
    this.#code.value = "";
    this.#setFieldError(this.#code, isAsked ? "problem.second-factor-required" : null);
    if (isAsked) this.#code.focus();
  }

  /** @param {boolean} isVisible */
  #showPassword(isVisible) {
    this.#password.type = isVisible ? "text" : "password";
    this.#reveal.ariaPressed = String(isVisible);
    setText(this.#reveal, isVisible ? "hide" : "show");
  }

  /** Says what is wrong with a field; null: nothing.
   * @param {HTMLInputElement} field
   * @param {TextKey | null} key */
  #setFieldError(field, key) {
    setText(findElement(this, `#${field.id}-error`), key);
    field.ariaInvalid = String(key !== null);
  }

  /** Whether both fields can be sent; if not, says why and goes there. */
  #validate() {
    const fields = /** @type {const} */ ([
      [this.#username, usernameError(this.#username.value.trim(), this.#isSignUp)],
      [this.#password, passwordError(this.#password.value, this.#isSignUp)],
    ]);
    for (const [field, key] of fields) this.#setFieldError(field, key);
    const first = fields.find(([, key]) => key)?.[0];
    first?.focus();
    return !first;
  }

  async #submit() {
    if (this.#busy || !this.#validate()) return;
    clearToast();
    this.#setBusy(true);
    const username = this.#username.value.trim();
    const password = this.#password.value;
    try {
      if (this.#isSignUp) {
        await session.signUp(username, password);
        this.#goTo("sign-in"); // The account is there: should the rest fail, try just the rest again.
      }
      await session.signIn(username, password, this.#code.value.trim());
      this.#form.reset();
      this.#askForCode(false);
      this.#showPassword(false);
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#setBusy(false);
    }
  }

  /** @param {unknown} error */
  #onError(error) {
    const fields = error instanceof Problem ? error.fields : [];
    if (isProblem(error, "username-taken")) {
      this.#setFieldError(this.#username, "usernameTaken");
      this.#username.focus();
    } else if (fields.includes("username")) {
      this.#setFieldError(this.#username, "usernameWrong");
      this.#username.focus();
    } else if (fields.includes("password")) {
      this.#setFieldError(this.#password, "passwordWeak"); // Its length is right: that was looked at here.
      this.#password.focus();
    } else if (isProblem(error, "second-factor-required")) {
      this.#askForCode(true);
    } else {
      notifyError(error);
      if (isProblem(error, "wrong-credentials")) this.#password.select();
    }
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#busy = isBusy;
    this.#form.ariaBusy = String(isBusy);
  }
}

/** @param {string} username @param {boolean} isNew @returns {TextKey | null} */
function usernameError(username, isNew) {
  if (username === "") return "usernameMissing";
  return isNew && !USERNAME.test(username) ? "usernameWrong" : null;
}

/** @param {string} password @param {boolean} isNew @returns {TextKey | null} */
function passwordError(password, isNew) {
  if (password === "") return "passwordMissing";
  const letters = countLetters(password);
  return isNew && (letters < PASSWORD.min || letters > PASSWORD.max) ? "passwordWrong" : null;
}

customElements.define("sign-in-form", SignInForm);

/** @param {import("../../router.js").Router} router */
export function createSignInForm(router) {
  const form = fromTemplate("sign-in-form", SignInForm);
  form.router = router;
  return form;
}
