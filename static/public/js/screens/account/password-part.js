// Another password.

import { accounts } from "../../data/accounts.js";
import { setText } from "../../lib/i18n.js";
import { CODE, NEW_PASSWORD, PASSWORD } from "../form/plans.js";
import { startStrengthMeter } from "../form/strength-meter.js";
import { notify } from "../toast/toast.js";
import { createProofForm, secondFactorOf } from "./account-form.js";

/** @type {import("../form/form.js").Plan} */
const CURRENT = { ...PASSWORD, name: "current_password", label: "currentPassword" };

/** @type {import("./account-screen.js").Part} */
export const passwordPart = {
  path: "/account/password",
  summary: (account) => ({ key: "passwordSince", time: account.password_changed_at }),
  create: (account, screen) => {
    const form = createProofForm(account, {
      change: "password-change",
      lead: "passwordLead",
      // Browsers take a field between two passwords for the beginning of another form.
      fields: [CURRENT, NEW_PASSWORD, CODE],
      act: "changePassword",
      send: async () => {
        const [current_password, new_password] = [form.value("current_password"), form.value("new_password")];
        await accounts.changePassword({ current_password, new_password, ...secondFactorOf(form) });
        screen.go("/account");
        notify({ key: "passwordChanged" });
      },
    });
    startStrengthMeter(form.field("new_password"), () => account.username);
    const forgotten = document.createElement("a");
    forgotten.href = "/recover";
    forgotten.className = "forgotten";
    setText(forgotten, "forgotPassword");
    form.element.append(forgotten);
    return form.element;
  },
};
