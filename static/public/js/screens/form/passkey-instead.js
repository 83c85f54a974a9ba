// A passkey in the place of a code, by a button below the fields of a form.

import { findButton } from "../../lib/dom.js";

export class PasskeyInstead {
  /** What the passkey answered, until it is sent.
   * @type {object | undefined} */
  #answer;
  #button;
  #use;

  /** @param {import("./form.js").Form} form @param {() => Promise<object>} use lets the browser answer with a passkey */
  constructor(form, use) {
    this.#use = use;
    this.#button = findButton(form.element, ".passkey-instead");
    this.#button.addEventListener("click", () => form.submit("code", () => this.show()));
  }

  /** @param {boolean} isOffered */
  offer(isOffered) {
    this.#button.hidden = !isOffered;
  }

  /** Lets the browser ask for a passkey. */
  async show() {
    this.#answer = await this.#use();
  }

  /** What was shown: it is good once. */
  take() {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }
}
