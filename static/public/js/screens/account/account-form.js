// A form of the account's pages.

import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { Form } from "../form/form.js";
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

/**
 * A form that asks again before a change which a device that was left alone must not make: also for a code, where there is a
 * second factor, as soon as that is known.
 * @param {Account} account
 * @param {Parameters<typeof createAccountForm>[1]} plan
 */
export function createProofForm(account, plan) {
  const form = createAccountForm(account, plan);
  form.ask("code", account.second_factor);
  return form;
}

/** @type {import("../form/form.js").Plan[]} */
export const PROOF = [PASSWORD, CODE];

/** What was entered for it. @param {Form} form */
export const proofOf = (form) => ({ password: form.value("password"), code: codeOf(form) });

/** The code, if there is one. @param {Form} form */
export const codeOf = (form) => form.value("code") || undefined;
