// The end of something on a list of the account: of a token, of a program's connection.

import { isProblem } from "../../lib/api.js";
import { ask } from "../question/question.js";
import { notify, notifyError } from "../toast/toast.js";

/**
 * Asks first. What has ended by itself meanwhile is off the list all the same.
 * @param {HTMLElement} item
 * @param {Parameters<typeof ask>[0]} question
 * @param {() => Promise<unknown>} end
 * @param {import("../../lib/i18n.js").TextKey} told
 * @returns {Promise<boolean>} whether it has ended
 */
export async function endListed(item, question, end, told) {
  if (!(await ask(question))) return false;
  try {
    await end();
  } catch (error) {
    if (!isProblem(error, "not-found")) {
      notifyError(error);
      return false;
    }
  }
  item.remove();
  document.querySelector("h1")?.focus();
  notify({ key: told });
  return true;
}
