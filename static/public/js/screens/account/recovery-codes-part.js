// Recovery codes: those that were just made, and new ones.

import { accounts } from "../../data/accounts.js";
import { findElement } from "../../lib/dom.js";
import { createProofForm, PROOF, proofOf } from "./account-form.js";
import { createCodes, heldCodes, holdCodes } from "./recovery-codes.js";

/** @type {import("./account-screen.js").Part} */
export const recoveryCodesPart = {
  path: "/account/recovery-codes",
  summary: ({ recovery_codes_left: count }) => ({ key: "recoveryCodesLeft", params: { count } }),
  create: (account, screen) => {
    const held = heldCodes(account.username);
    if (held) return createCodes(held, screen.go);
    const form = createProofForm(account, {
      change: "recovery-codes",
      lead: "renewCodesLead",
      fields: PROOF,
      act: "makeRecoveryCodes",
      send: async () => {
        const { recovery_codes: codes } = await accounts.renewRecoveryCodes(proofOf(form));
        holdCodes({ username: account.username, codes, next: "/account" });
        await screen.reload();
        findElement(document, ".recovery-codes h2").focus();
      },
    });
    return form.element;
  },
};
