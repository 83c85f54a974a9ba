// The second factor: an app that makes codes.

import { accounts } from "../../data/accounts.js";
import { isProblem } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { drawQr, readQr } from "../../lib/qr.js";
import { CODE } from "../form/plans.js";
import { notifyError } from "../toast/toast.js";
import { createAccountForm, createProofForm, PROOF, proofOf } from "./account-form.js";

/** @typedef {import("./account-screen.js").Account} Account */
/** @typedef {import("./account-screen.js").Screen} Screen */

/** @type {import("./account-screen.js").Part} */
export const secondFactorPart = {
  path: "/account/second-factor",
  summary: (account) => ({ key: account.second_factor ? "secondFactorIsOn" : "secondFactorIsOff" }),
  create: (account, screen) => (account.second_factor ? createOff(account, screen) : createOn(account, screen)),
};

/** @param {Account} account @param {Screen} screen */
function createOn(account, screen) {
  const part = fromTemplate("second-factor-part", HTMLElement);
  const button = findButton(part, ".begin");
  button.addEventListener("click", async () => {
    if (button.ariaBusy === "true") return; // Another secret would take this one's place.
    button.ariaBusy = "true";
    try {
      const steps = createSteps(account, await accounts.beginSecondFactor(), screen);
      part.replaceWith(...steps);
      findElement(steps[0], "h2").focus();
    } catch (error) {
      if (isProblem(error, "second-factor-on")) await screen.reload(); // Elsewhere, meanwhile.
      else notifyError(error);
    }
    button.ariaBusy = "false";
  });
  return part;
}

/** The secret, and the form for a code that shows that the app has it.
 * @param {Account} account @param {import("../../data/accounts.js").Secret} secret @param {Screen} screen */
function createSteps(account, { secret, otpauth_uri, qr_svg }, screen) {
  const element = fromTemplate("second-factor-secret", HTMLElement);
  const code = readQr(qr_svg);
  // Where there is no picture, the secret can be typed.
  for (const part of element.querySelectorAll(".qr, .qr-lead")) part.toggleAttribute("hidden", code === null);
  if (code) findElement(element, ".qr").append(drawQr(code));
  const link = find(element, ".open", HTMLAnchorElement);
  if (otpauth_uri.startsWith("otpauth://totp/")) link.href = otpauth_uri;
  else link.hidden = true;
  findElement(element, ".secret").textContent = secret.match(/.{1,4}/g)?.join(" ") ?? "";
  const form = createAccountForm(account, {
    lead: "codeLead",
    fields: [CODE],
    act: "turnOn",
    send: async () => {
      await accounts.turnSecondFactorOn(form.value("code"));
      await screen.done("secondFactorOnNow");
    },
  });
  return [element, form.element];
}

/** @param {Account} account @param {Screen} screen */
function createOff(account, screen) {
  const form = createProofForm(account, {
    lead: "secondFactorOffLead",
    fields: PROOF,
    act: "turnOff",
    send: async () => {
      await accounts.turnSecondFactorOff(proofOf(form));
      await screen.done("secondFactorOffNow");
    },
  });
  const part = fromTemplate("second-factor-on", HTMLElement);
  part.append(form.element);
  return part;
}
