// Who is signed in, the way to their account, and the way out.

import { drafts, memos, session, workspace } from "../../data/stores.js";
import { findButton, findElement } from "../../lib/dom.js";
import { ask } from "../question/question.js";
import { notifyError } from "../toast/toast.js";

/** @param {HTMLElement} rail where the account stands */
export function startAccount(rail) {
  const update = () => {
    findElement(rail, "#who").textContent = workspace.owner?.username ?? "";
    findElement(rail, ".who").hidden = workspace.owner === null;
    findElement(rail, "#to-sign-in").hidden = session.user !== null;
    findButton(rail, "#sign-out").hidden = session.user === null;
  };
  let isBusy = false;
  findButton(rail, "#sign-out").addEventListener("click", async () => {
    if (isBusy) return;
    isBusy = true; // Not disabled: that would take the focus away.
    await signOut().catch(notifyError);
    isBusy = false;
  });
  for (const target of [session, workspace]) target.addEventListener("change", update);
  update();
}

/** Signs out, after a question where that would throw writing away. */
async function signOut() {
  await memos.flush();
  const count = drafts.countEverywhere() + memos.unsaved;
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
