// <sign-in-form>: one form for signing in and for creating an account. Its `data-mode`, told by the address, is what
// Enter does. The other button leads to the other address, and where both fields are filled already, acts at once.

import { session } from "../../data/stores.js";
import { isProblem } from "../../lib/api.js";
import { hasKeyboard } from "../../lib/device.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { passkeyObstacle } from "../../lib/passkeys.js";
import { holdCodes } from "../account/recovery-codes.js";
import { Form } from "../form/form.js";
import { CODE, NEW_PASSWORD, PASSWORD, USERNAME } from "../form/plans.js";
import { PasskeyInstead } from "../form/passkey-instead.js";
import { startStrengthMeter } from "../form/strength-meter.js";
import { clearToast } from "../toast/toast.js";
import { PasskeyWay } from "./passkey-way.js";

/** @typedef {"sign-in" | "sign-up"} Mode */

const NAME = /^[a-z0-9][a-z0-9._-]{2,31}$/i;
/** Where who is new is shown the recovery codes. */
const CODES = "/account/recovery-codes";

class SignInForm extends HTMLElement {
  #form;
  #buttons = { "sign-in": findButton(this, "#sign-in"), "sign-up": findButton(this, "#sign-up") };
  #showStrength;
  #byPasskey;
  #passkeyInstead;
  /** What the server last asked a passkey for, after the password. @type {any} */
  #asked;
  /** @type {import("../../router.js").Router | undefined} */
  router;

  constructor() {
    super();
    this.#form = new Form(find(this, "form", HTMLFormElement), this.#fields, () => this.#send());
    this.#showStrength = startStrengthMeter(this.#form.field("password"), () => this.#form.value("username"));
    this.#byPasskey = new PasskeyWay(this.#form);
    this.#passkeyInstead = new PasskeyInstead(this.#form, () => this.#byPasskey.answer(this.#asked));
    findButton(this, ".by-passkey").addEventListener("click", () => this.#byPasskey.ask());
    for (const mode of /** @type {Mode[]} */ (["sign-in", "sign-up"])) {
      this.#buttons[mode].addEventListener("click", (event) => this.#choose(mode, event));
    }
  }

  /** The same fields for both: what was entered stays. Only accounts with a second factor are asked for a code.
   * @returns {import("../form/form.js").Plan[]} */
  get #fields() {
    return [
      {
        ...USERNAME,
        hint: "usernameHint",
        refused: "usernameWrong",
        problems: ["username-taken"],
        check: (value) => (this.#isSignUp && !NAME.test(value) ? "usernameWrong" : null),
      },
      {
        ...PASSWORD,
        hint: "passwordHint",
        refused: "passwordWeak",
        problems: ["wrong-credentials"],
        check: (value) => (this.#isSignUp ? (NEW_PASSWORD.check?.(value) ?? null) : null),
      },
      CODE,
    ];
  }

  /** @param {import("../../router.js").Place} place */
  show(place) {
    this.#setMode(place.route.path === "/sign-up" ? "sign-up" : "sign-in");
    if (hasKeyboard()) this.#form.field("username").focus();
    if (this.#isSignUp) this.#byPasskey.stop();
    else this.#byPasskey.offer();
  }

  disconnectedCallback() {
    this.#byPasskey.stop();
  }

  get #isSignUp() {
    return this.dataset.mode === "sign-up";
  }

  /** @param {Mode} mode @param {Event} event */
  #choose(mode, event) {
    if (this.dataset.mode === mode) return; // The form's own submit button.
    event.preventDefault();
    this.#goTo(mode, this.router?.next);
    if (this.#form.value("username") && this.#form.value("password")) this.#form.submit();
    else this.#form.field("username").focus();
  }

  /** @param {Mode} mode @param {string} [next] */
  #goTo(mode, next) {
    this.router?.go(`/${mode}`, { replace: true, next });
  }

  /** @param {Mode} mode */
  #setMode(mode) {
    this.dataset.mode = mode;
    const isSignUp = this.#isSignUp;
    setText(findElement(this, "h1"), isSignUp ? "signUp" : "signIn");
    const isForProgram = this.router?.next?.startsWith("/authorize?");
    setText(findElement(this, ".lead"), isForProgram ? "signInForProgram" : isSignUp ? "signUpLead" : "signInLead");
    setText(this.#buttons["sign-in"], isSignUp ? "signInInstead" : "signIn");
    setText(this.#buttons["sign-up"], "signUp");
    for (const [its, button] of Object.entries(this.#buttons)) {
      button.type = its === mode ? "submit" : "button";
      button.className = its === mode ? "primary" : "quiet";
    }
    for (const hint of this.querySelectorAll(".hint")) hint.toggleAttribute("hidden", !isSignUp);
    findElement(this, ".forgotten").hidden = isSignUp;
    findElement(this, ".by-passkey").hidden = isSignUp || passkeyObstacle() !== null;
    // Password managers offer a new password for one mode and the old one for the other, or a passkey.
    this.#form.field("username").autocomplete = isSignUp ? "username" : "username webauthn";
    this.#form.field("password").autocomplete = isSignUp ? "new-password" : "current-password";
    this.#showStrength();
    for (const name of ["username", "password"]) this.#form.setError(name, null);
    this.#askForNothingMore();
  }

  #askForNothingMore() {
    this.#form.ask("code", false);
    this.#passkeyInstead.offer(false);
  }

  async #send() {
    clearToast();
    const [username, password] = [this.#form.value("username"), this.#form.value("password")];
    if (this.#isSignUp) {
      const next = this.router?.next ?? "/";
      const { username: name, recovery_codes: codes } = await session.signUp(username, password);
      holdCodes({ username: name, codes, next });
      this.#goTo("sign-in", CODES); // The account is there: should the rest fail, try just the rest again.
    }
    await this.#signIn(username, password);
    this.#form.reset();
    this.#askForNothingMore();
  }

  /** Where the second factor is a passkey and no code, the browser asks for it at once.
   * @param {string} username @param {string} password */
  async #signIn(username, password) {
    const enter = () => session.signIn(username, password, { code: this.#form.value("code"), passkey: this.#passkeyInstead.take() });
    try {
      await enter();
    } catch (error) {
      if (!isProblem(error, "second-factor-required")) throw error;
      const { methods, passkey_options } = /** @type {import("../../lib/api.js").Problem} */ (error).members;
      this.#asked = passkey_options;
      const hasCodes = methods.includes("totp");
      this.#passkeyInstead.offer(hasCodes && methods.includes("passkey") && passkeyObstacle() === null);
      if (hasCodes) throw error;
      await this.#passkeyInstead.show();
      await enter();
    }
  }
}

customElements.define("sign-in-form", SignInForm);

/** @param {import("../../router.js").Router} router */
export function createSignInForm(router) {
  const element = fromTemplate("sign-in-form", SignInForm);
  element.router = router;
  return { element, show: (/** @type {import("../../router.js").Place} */ place) => element.show(place) };
}
