// Personal tokens: access to the memos for somebody's own programs.

import { accounts } from "../../data/accounts.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText, setTime } from "../../lib/i18n.js";
import { createProofForm, PROOF, proofOf } from "./account-form.js";
import { copy } from "./copy.js";
import { endListed } from "./ending.js";
import { mayOf } from "./may.js";

/** @typedef {import("../../data/accounts.js").PersonalToken} PersonalToken */

/** For how many days one can have a token here. */
const LIFETIMES = [30, 90, 366];

/** @type {import("../form/form.js").Plan} */
const NAME = {
  name: "name",
  label: "tokenName",
  autocomplete: "off",
  hint: "tokenNameHint",
  missing: "tokenNameMissing",
  refused: "tokenNameWrong",
};

/** @type {import("./account-screen.js").Part} */
export const tokensPart = {
  path: "/account/tokens",
  summary: () => ({ key: "tokensSummary" }),
  create: async (account) => {
    const { items } = await accounts.tokens();
    const part = fromTemplate("tokens-part", HTMLElement);
    const list = findElement(part, "ul");
    list.append(...items.map(itemOf));
    list.hidden = items.length === 0;
    const form = createProofForm(account, {
      change: "token-made",
      lead: "makeTokenLead",
      fields: [NAME, ...PROOF],
      act: "makeToken",
      send: async () => {
        const { token, ...made } = await accounts.makeToken({ ...wantedIn(form.element), name: form.value("name"), ...proofOf(form) });
        list.append(itemOf({ ...made, last_used_at: null, older_than_password: false }));
        list.hidden = false;
        for (const name of ["name", "password", "code"]) form.field(name).value = "";
        show(part, token);
      },
    });
    form.field("name").closest(".field")?.after(createChoices());
    part.append(form.element);
    return part;
  },
};

function createChoices() {
  const choices = fromTemplate("token-choices", HTMLElement);
  const lifetimes = LIFETIMES.map((count) => {
    const option = document.createElement("option");
    option.value = String(count);
    setText(option, "days", { count });
    return option;
  });
  find(choices, "select", HTMLSelectElement).append(...lifetimes);
  return choices;
}

/** What was chosen. @param {HTMLFormElement} form */
function wantedIn(form) {
  const chosen = new FormData(form);
  return { scope: String(chosen.get("scope")), expires_in_days: Number(chosen.get("expires_in_days")) };
}

/** Shows a token that was just made. It is on this page and nowhere else. @param {HTMLElement} part @param {string} token */
function show(part, token) {
  part.querySelector(".new-token")?.remove();
  const card = fromTemplate("new-token", HTMLElement);
  const text = findElement(card, ".secret");
  text.textContent = token;
  findButton(card, ".copy-token").addEventListener("click", () => copy(text, token));
  findButton(card, ".kept").addEventListener("click", () => {
    card.remove();
    document.querySelector("h1")?.focus();
  });
  part.prepend(card);
  findElement(card, "h2").focus();
}

/** @param {PersonalToken} token */
function itemOf(token) {
  const item = fromTemplate("token-item", HTMLElement);
  const name = findElement(item, ".name");
  name.textContent = token.name;
  name.id = `token-${token.id}`;
  setText(findElement(item, ".may"), mayOf(token.scope));
  setTime(find(item, ".until", HTMLTimeElement), token.expires_at);
  setText(findElement(item, ".use"), token.last_used_at ? "lastUsed" : "tokenUnused");
  const used = find(item, ".used", HTMLTimeElement);
  used.hidden = !token.last_used_at;
  if (token.last_used_at) setTime(used, token.last_used_at);
  findElement(item, ".older").hidden = !token.older_than_password;
  const button = findButton(item, ".revoke");
  button.id = `revoke-${token.id}`;
  button.setAttribute("aria-labelledby", `${button.id} ${name.id}`);
  button.addEventListener("click", () => revoke(token, item));
  return item;
}

/** @param {PersonalToken} token @param {HTMLElement} item */
async function revoke({ id, name }, item) {
  const list = item.parentElement;
  /** @type {Parameters<typeof endListed>[1]} */
  const question = {
    title: { key: "revokeQuestion" },
    text: { key: "revokeMeaning", params: { name } },
    yes: "revokeToken",
    no: "keep",
  };
  const isRevoked = await endListed(item, question, () => accounts.revokeToken(id), "tokenRevoked");
  if (isRevoked && list) list.hidden = list.childElementCount === 0;
}
