// Signing in with a passkey: by a button, or by what the browser offers in the field of the name.

import { session } from "../../data/stores.js";
import { offersPasskeys, usePasskey } from "../../lib/passkeys.js";
import { clearToast } from "../toast/toast.js";

/** What the server asks a passkey is good for five minutes. */
const RENEW_MS = 4 * 60_000;

export class PasskeyWay {
  #form;
  /** Ends what is offered now. */
  #offered = new AbortController();

  /** @param {import("../form/form.js").Form} form says what goes wrong */
  constructor(form) {
    this.#form = form;
  }

  /** Lets the browser offer passkeys in the field, as long as nobody takes another way. */
  async offer() {
    this.stop();
    const { signal } = (this.#offered = new AbortController());
    try {
      if (!(await offersPasskeys())) return;
      const options = await session.passkeyOptions();
      if (signal.aborted) return;
      const timer = setTimeout(() => this.offer(), RENEW_MS);
      signal.addEventListener("abort", () => clearTimeout(timer));
      const answer = await usePasskey(options, { mediation: "conditional", signal });
      await this.#enter(() => answer);
    } catch {
      // Nobody has asked for it: there are the button and the password.
    }
  }

  stop() {
    this.#offered.abort();
  }

  /** Lets the browser ask for a passkey. Only one of its questions can be open at a time. */
  async ask() {
    this.stop();
    await this.#enter(async () => usePasskey(await session.passkeyOptions()));
  }

  /** Lets the browser ask for a passkey beside the password.
   * @param {PublicKeyCredentialRequestOptionsJSON} options */
  async answer(options) {
    this.stop();
    try {
      return await usePasskey(options);
    } catch (error) {
      this.offer();
      throw error;
    }
  }

  /** @param {() => object} answer */
  async #enter(answer) {
    clearToast();
    await this.#form.run(async () => {
      await session.signInByPasskey(await answer());
      this.#form.reset();
    });
    if (!session.user) this.offer();
  }
}
