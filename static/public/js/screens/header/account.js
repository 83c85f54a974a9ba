// Who is signed in, and the way out.

import { drafts, session } from "../../data/stores.js";
import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { ask } from "../question/question.js";
import { notifyError } from "../toast/toast.js";

/** Puts the account into the header, before the choice of language. */
export function startAccount() {
  const account = fromTemplate("account", HTMLElement);
  findElement(document, "header .home").after(account);
  const update = () => {
    account.hidden = session.user === null;
    findElement(account, ".who").textContent = session.user?.username ?? "";
  };
  let isBusy = false;
  findButton(account, "#sign-out").addEventListener("click", async () => {
    if (isBusy) return;
    isBusy = true; // Not disabled: that would take the focus away.
    await signOut().catch(notifyError);
    isBusy = false;
  });
  session.addEventListener("change", update);
  update();
}

/** Signs out, after a question where that would throw writing away. */
async function signOut() {
  const count = await drafts.countEverywhere();
  const isAgreed =
    count === 0 ||
    (await ask({
      title: { key: "signOutQuestion" },
      text: { key: "unsavedTexts", params: { count } },
      yes: "signOutAndDiscard",
      no: "keepWriting",
    }));
  if (isAgreed) await session.signOut();
}
