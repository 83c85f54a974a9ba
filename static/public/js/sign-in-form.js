// <sign-in-form>: one form for signing in and for creating an account. Its `data-mode` is what Enter does.
// The other button switches the mode, and where both fields are filled already, acts at once.

import { setText } from "./i18n.js";
import { signIn, signUp } from "./session.js";
import { complain, hush } from "./status.js";

const USERNAME = /^[a-z0-9][a-z0-9._-]{2,31}$/i;

class SignInForm extends HTMLElement {
  #form = this.querySelector("form");
  #username = this.querySelector("#username");
  #password = this.querySelector("#password");
  #reveal = this.querySelector(".reveal");
  #buttons = { "sign-in": this.querySelector("#sign-in"), "sign-up": this.querySelector("#sign-up") };
  #busy = false;

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    for (const [mode, button] of Object.entries(this.#buttons)) {
      button.addEventListener("click", (event) => {
        if (this.dataset.mode === mode) return; // The form's own submit button.
        event.preventDefault();
        this.#switchTo(mode);
        if (this.#username.value && this.#password.value) this.#submit();
        else this.#username.focus();
      });
    }
    this.#reveal.addEventListener("click", () => this.#show(this.#password.type === "password"));
    for (const field of [this.#username, this.#password]) {
      field.addEventListener("input", () => this.#object(field, null));
    }
    this.reset();
  }

  /** Empty, ready to sign in. */
  reset() {
    this.#form.reset();
    this.#show(false);
    this.#switchTo("sign-in");
  }

  #switchTo(mode) {
    const joining = mode === "sign-up";
    this.dataset.mode = mode;
    setText(this.querySelector("h2"), joining ? "signUpTitle" : "signInTitle");
    setText(this.querySelector(".lead"), joining ? "signUpLead" : "signInLead");
    setText(this.#buttons["sign-in"], joining ? "signInInstead" : "signIn");
    setText(this.#buttons["sign-up"], joining ? "signUpNow" : "signUp");
    for (const [its, button] of Object.entries(this.#buttons)) {
      button.type = its === mode ? "submit" : "button";
      button.className = its === mode ? "primary" : "quiet";
    }
    for (const hint of this.querySelectorAll(".hint")) hint.hidden = !joining;
    // Password managers offer a new password for one mode and the old one for the other.
    this.#password.autocomplete = joining ? "new-password" : "current-password";
    this.#object(this.#username, null);
    this.#object(this.#password, null);
  }

  #show(visible) {
    this.#password.type = visible ? "text" : "password";
    this.#reveal.ariaPressed = String(visible);
    setText(this.#reveal, visible ? "hide" : "show");
  }

  /** Says what is wrong with a field, in words of the catalogs; null: nothing. */
  #object(field, key) {
    setText(this.querySelector(`#${field.id}-error`), key);
    field.ariaInvalid = String(key !== null);
  }

  /** Whether both fields can be sent; if not, says why and goes there. */
  #check(joining) {
    const username = this.#username.value.trim();
    const password = this.#password.value;
    const length = [...password].length;
    const objections = [
      [this.#username, username === "" ? "usernameMissing" : joining && !USERNAME.test(username) ? "usernameWrong" : null],
      [this.#password, password === "" ? "passwordMissing" : joining && (length < 8 || length > 128) ? "passwordWrong" : null],
    ];
    for (const [field, key] of objections) this.#object(field, key);
    const first = objections.find(([, key]) => key)?.[0];
    first?.focus();
    return !first;
  }

  async #submit() {
    const joining = this.dataset.mode === "sign-up";
    if (this.#busy || !this.#check(joining)) return;
    hush();
    this.#setBusy(true);
    const credentials = [this.#username.value.trim(), this.#password.value];
    try {
      if (joining) {
        await signUp(...credentials);
        this.#switchTo("sign-in"); // The account is there: should the rest fail, try just the rest again.
      }
      await signIn(...credentials);
      this.reset();
    } catch (error) {
      this.#refused(error);
    } finally {
      this.#setBusy(false);
    }
  }

  #refused(error) {
    if (error.slug === "username-taken") {
      this.#object(this.#username, "usernameTaken");
      this.#username.focus();
    } else if (error.fields?.includes("username")) {
      this.#object(this.#username, "usernameWrong");
      this.#username.focus();
    } else if (error.fields?.includes("password")) {
      this.#object(this.#password, "passwordWrong");
      this.#password.focus();
    } else {
      complain(error);
      if (error.slug === "wrong-credentials") this.#password.select();
    }
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.#form.ariaBusy = String(busy);
  }
}

customElements.define("sign-in-form", SignInForm);
