// The end of the account.

import { session } from "../../data/stores.js";
import { findButton, findElement } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { ask } from "../question/question.js";
import { createProofForm, PROOF, proofOf } from "./account-form.js";

/** @type {import("./account-screen.js").Part} */
export const deletionPart = {
  path: "/account/delete",
  summary: () => ({ key: "purgeMeaning" }),
  create: (account) => {
    const form = createProofForm(account, {
      change: "account-deletion",
      lead: "deletionLead",
      fields: PROOF,
      act: "purge",
      send: async () => {
        const question = /** @type {const} */ ({ title: { key: "deletionQuestion" }, text: { key: "purgeMeaning" } });
        if (await ask({ ...question, yes: "purge", no: "cancel" })) await remove(form);
      },
    });
    findButton(form.element, ".act").className = "act danger";
    return form.element;
  },
};

/** @param {import("../form/form.js").Form} form */
async function remove(form) {
  try {
    await session.deleteAccount(proofOf(form));
  } catch (error) {
    if (!session.isLeaving) throw error;
    setText(findElement(form.element, ".form-trouble"), "deletionUnfinished");
  }
}
