// What several forms ask for.

import { countLetters } from "../../lib/text.js";

/** @typedef {import("./form.js").Plan} Plan */

/** So many letters a new password has. */
const LETTERS = { min: 8, max: 128 };

/** @type {Plan} */
export const USERNAME = {
  name: "username",
  label: "username",
  autocomplete: "username",
  missing: "usernameMissing",
};

/** The password as it is, before something that a device which was left alone must not do.
 * @type {Plan} */
export const PASSWORD = {
  name: "password",
  label: "password",
  autocomplete: "current-password",
  missing: "passwordMissing",
  refused: "passwordNotYours",
};

/** A password from now on.
 * @type {Plan} */
export const NEW_PASSWORD = {
  name: "new_password",
  label: "newPassword",
  autocomplete: "new-password",
  hint: "passwordHint",
  missing: "passwordMissing",
  refused: "passwordWeak", // Its length is right: that was looked at here.
  check: (value) => {
    const letters = countLetters(value);
    return letters < LETTERS.min || letters > LETTERS.max ? "passwordWrong" : null;
  },
};

/** What the app of the second factor shows.
 * @type {Plan} */
export const CODE = {
  name: "code",
  label: "code",
  autocomplete: "one-time-code",
  missing: "codeMissing",
  refused: "codeWrong",
  problems: ["second-factor-required"],
  when: ({ members }) => members.methods?.includes("totp"),
};
