// A form of the account's pages.

import { accounts } from "../../data/accounts.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { passkeyObstacle, usePasskey } from "../../lib/passkeys.js";
import { Form } from "../form/form.js";
import { PasskeyInstead } from "../form/passkey-instead.js";
import { CODE, PASSWORD } from "../form/plans.js";

/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */
/** @typedef {import("./account-screen.js").Account} Account */

/**
 * @param {Account} account
 * @param {object} plan
 * @param {TextKey} plan.lead what it is for
 * @param {import("../form/form.js").Plan[]} plan.fields
 * @param {TextKey} plan.act what its button says
 * @param {(form: Form) => Promise<unknown>} plan.send
 * @returns {Form}
 */
export function createAccountForm({ username }, { lead, fields, act, send }) {
  const element = fromTemplate("account-form", HTMLFormElement);
  setText(findElement(element, ".lead"), lead);
  setText(findButton(element, ".act"), act);
  // Password managers want to know whose password it is.
  find(element, ".whose", HTMLInputElement).value = username;
  /** @type {Form} */
  const form = new Form(element, fields, () => send(form));
  return form;
}

/** The way of each form that asks again to take a passkey in the place of a code.
 * @type {WeakMap<Form, PasskeyInstead>} */
const ways = new WeakMap();

/**
 * A form that asks again before a change which a device that was left alone must not make: also for the second factor, where
 * there is one. Where that is a passkey alone, the browser asks for it when the form is sent.
 * @param {Account} account
 * @param {Parameters<typeof createAccountForm>[1] & {change: import("../../data/accounts.js").AccountChange}} plan
 */
export function createProofForm(account, plan) {
  const hasCodes = account.second_factors.includes("totp");
  const form = createAccountForm(account, {
    ...plan,
    send: async () => {
      if (account.second_factor && !hasCodes) await way.show();
      try {
        await plan.send(form);
      } finally {
        way.take(); // Where it was not sent after all.
      }
    },
  });
  const way = new PasskeyInstead(form, async () => usePasskey(await accounts.passkeyOptions(plan.change)));
  way.offer(hasCodes && account.passkeys > 0 && passkeyObstacle() === null);
  ways.set(form, way);
  form.ask("code", hasCodes);
  return form;
}

/** @type {import("../form/form.js").Plan[]} */
export const PROOF = [PASSWORD, CODE];

/** What was entered for it. @param {Form} form */
export const proofOf = (form) => ({ password: form.value("password"), ...secondFactorOf(form) });

/** The second factor, if there is one; what a passkey answered is told once. @param {Form} form */
export const secondFactorOf = (form) => ({ code: form.value("code") || undefined, passkey: ways.get(form)?.take() });
