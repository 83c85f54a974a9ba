// For who has lost the password, or the second factor: another password for a recovery code.

import { session } from "../../data/stores.js";
import { hasKeyboard } from "../../lib/device.js";
import { focusHeading, fromTemplate } from "../../lib/dom.js";
import { Form } from "../form/form.js";
import { NEW_PASSWORD, USERNAME } from "../form/plans.js";
import { startStrengthMeter } from "../form/strength-meter.js";
import { notify } from "../toast/toast.js";

/** @type {import("../form/form.js").Plan} */
const RECOVERY_CODE = {
  name: "recovery_code",
  label: "recoveryCode",
  autocomplete: "off",
  hint: "recoveryCodeHint",
  missing: "recoveryCodeMissing",
  problems: ["wrong-recovery-code"],
};

/** @param {import("../../router.js").Router} router */
export function createRecoverScreen(router) {
  const element = fromTemplate("recover-form", HTMLFormElement);
  const form = new Form(element, [USERNAME, RECOVERY_CODE, NEW_PASSWORD], async () => {
    const [username, new_password] = [form.value("username"), form.value("new_password")];
    await session.recover({ username, recovery_code: form.value("recovery_code"), new_password });
    form.reset();
    try {
      await session.signIn(username, new_password);
      router.go("/account", { replace: true }); // How it stands with the account now: codes are less, the second factor is off.
      notify({ key: "recovered" }, { stays: true });
    } catch {
      router.go("/sign-in", { replace: true }); // The password is changed: what is left is done there.
      notify({ key: "recoveredSignIn" }, { stays: true });
    }
  });
  startStrengthMeter(form.field("new_password"), () => form.value("username"));
  const show = () => (hasKeyboard() ? form.field("username").focus() : focusHeading(element));
  return { element, show };
}
