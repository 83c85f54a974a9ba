// The second factor: an app that makes codes, or a passkey. Who has the app is asked for codes, and passkeys stand in for them; so
// whether a passkey is asked for is of interest only without it.

import { accounts } from "../../data/accounts.js";
import { isProblem } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { passkeyObstacle, refusalOf, usePasskey } from "../../lib/passkeys.js";
import { drawQr, readQr } from "../../lib/qr.js";
import { CODE, PASSWORD } from "../form/plans.js";
import { notify, notifyError } from "../toast/toast.js";
import { createAccountForm, createProofForm, PROOF, proofOf } from "./account-form.js";

/** @typedef {import("./account-screen.js").Account} Account */
/** @typedef {import("./account-screen.js").Screen} Screen */

/** @type {import("./account-screen.js").Part} */
export const secondFactorPart = {
  path: "/account/second-factor",
  summary: (account) => ({ key: account.second_factor ? "secondFactorIsOn" : "secondFactorIsOff" }),
  create: (account, screen) => {
    if (account.second_factors.includes("totp")) {
      return createOff(account, screen, { lead: "secondFactorOffLead", send: accounts.turnSecondFactorOff });
    }
    const parts = document.createElement("div");
    parts.className = "second-factors";
    if (account.second_factor) {
      parts.append(createOff(account, screen, { lead: "passkeyFactorOffLead", send: accounts.askForNoPasskey }));
    }
    parts.append(createOn("second-factor-part", screen, async () => {
      const steps = createSteps(account, await accounts.beginSecondFactor(), screen);
      parts.replaceChildren(...steps);
      findElement(steps[0], "h2").focus();
    }));
    if (!account.second_factor && account.passkeys > 0 && passkeyObstacle() === null) {
      parts.append(createOn("passkey-factor-part", screen, async () => {
        await accounts.askForPasskey(await usePasskey(await accounts.passkeyOptions("second-factor-on")));
        await screen.done("secondFactorOnNow");
      }));
    }
    return parts;
  },
};

/** A way to turn it on, by a button.
 * @param {string} template @param {Screen} screen @param {() => Promise<void>} begin */
function createOn(template, screen, begin) {
  const part = fromTemplate(template, HTMLElement);
  const button = findButton(part, ".begin");
  button.addEventListener("click", async () => {
    if (button.ariaBusy === "true") return; // Another secret would take this one's place.
    button.ariaBusy = "true";
    try {
      await begin();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) notify({ key: refusal });
      else if (isProblem(error, "second-factor-on")) await screen.reload(); // Elsewhere, meanwhile.
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
  return [element, createCodeForm(account, screen).element];
}

/** Asks for a code that shows that the app has the secret; and again for the account, where a passkey is its second factor.
 * @param {Account} account @param {Screen} screen */
function createCodeForm(account, screen) {
  /** @type {{lead: "codeLead", act: "turnOn"}} */
  const plan = { lead: "codeLead", act: "turnOn" };
  const turnOn = async (/** @type {Parameters<typeof accounts.turnSecondFactorOn>[0]} */ json) => {
    await accounts.turnSecondFactorOn(json);
    await screen.done("secondFactorOnNow");
  };
  if (!account.second_factor) {
    return createAccountForm(account, { ...plan, fields: [CODE], send: (form) => turnOn({ code: form.value("code") }) });
  }
  const form = createProofForm(account, {
    ...plan,
    change: "second-factor-on",
    fields: [CODE, PASSWORD],
    send: (asked) => turnOn({ ...proofOf(asked), code: asked.value("code") }),
  });
  form.ask("code", true);
  return form;
}

/** @param {Account} account @param {Screen} screen
 * @param {{lead: "secondFactorOffLead" | "passkeyFactorOffLead", send: typeof accounts.turnSecondFactorOff}} how */
function createOff(account, screen, { lead, send }) {
  const form = createProofForm(account, {
    change: "second-factor-off",
    lead,
    fields: PROOF,
    act: "turnOff",
    send: async () => {
      await send(proofOf(form));
      await screen.done(account.second_factors.length > 1 ? "codesOffNow" : "secondFactorOffNow");
    },
  });
  const part = fromTemplate("second-factor-on", HTMLElement);
  part.append(form.element);
  return part;
}
