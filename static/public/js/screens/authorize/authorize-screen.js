// The question whether a program may use the memos of whoever is signed in: the authorization endpoint of OAuth 2.1. What the
// program asks for stands in the address, which holds nothing secret and so may stay there through a reload and a sign-in.

import { accounts } from "../../data/accounts.js";
import { Problem, SignedOut, Unreachable } from "../../lib/api.js";
import { find, findButton, findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { isExpected, textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";
import { requestIn, wayTo } from "./access-request.js";
import { createQuestion } from "./access-question.js";

/** @typedef {import("../../lib/error-text.js").Text} Text */

class AuthorizeScreen {
  element = fromTemplate("authorize-screen", HTMLElement);
  #state = findElement(this.element, ".state");
  #tryAgain = findButton(this.element, ".try-again");
  #asked = findElement(this.element, ".asked");
  /** @type {import("../../router.js").Place | null} */
  #place = null;
  /** What is to happen when the page comes to the front. */
  #deafen = () => {};

  constructor() {
    addEventListener("focus", () => this.#deafen());
    this.#tryAgain.addEventListener("click", () => this.#load());
    addEventListener("online", () => this.element.isConnected && !this.#tryAgain.hidden && this.#load());
  }

  /** @param {import("../../router.js").Place} place */
  show(place) {
    this.#place = place;
    return this.#load();
  }

  async #load() {
    const place = this.#place;
    this.#tell("authorizeTitle", { key: "opening" });
    focusHeading(this.element);
    try {
      const request = requestIn(place?.query ?? new URLSearchParams());
      if (!request) return this.#tell("accessWrongTitle", { key: "accessWrong" });
      const answer = await accounts.askedAccess(request);
      if (place !== this.#place) return; // Elsewhere by now.
      if ("redirect_to" in answer) return this.#refuse(answer.redirect_to);
      this.#tell("authorizeTitle", null);
      const question = createQuestion(answer, (scope) => this.#answer(request, scope), () => this.#load());
      this.#deafen = question.deafen;
      this.#asked.replaceChildren(question.element);
    } catch (error) {
      if (place === this.#place) this.#fail(error);
    }
  }

  /** Sends the person's answer, and goes back to the program with what comes of it.
   * @param {import("../../data/accounts.js").AccessRequest} request
   * @param {string | null} scope what is allowed; null: nothing */
  async #answer(request, scope) {
    const decision = scope === null ? { ...request, approve: false } : { ...request, scope, approve: true };
    const { redirect_to } = await accounts.answerAccess(decision);
    this.#leave(redirect_to);
  }

  /** A request that its program is to be told of as wrong. Anybody may register a program that leads anywhere, so the person goes
   * there by themselves or not at all.
   * @param {string} address */
  #refuse(address) {
    this.#tell("accessWrongTitle", { key: "accessWrong" });
    const back = document.createElement("button");
    setText(back, "accessBack", { host: wayTo(address).host });
    [back.type, back.className, back.dataset.testid] = ["button", "back", "back-to-program"];
    back.addEventListener("click", () => this.#leave(address));
    this.#asked.replaceChildren(back);
  }

  /** The history forgets this page, so that going back from the program does not come to a question that is answered.
   * @param {string} address */
  #leave(address) {
    const { host, isSafe } = wayTo(address);
    if (!isSafe) return this.#tell("accessWrongTitle", { key: "accessWrong" });
    this.#tell("accessDone", { key: "accessLeaving", params: { host } });
    focusHeading(this.element);
    location.replace(address);
  }

  /** @param {unknown} error */
  #fail(error) {
    if (error instanceof SignedOut) return; // The sign-in comes, and then this page again.
    if (!isExpected(error)) console.error(error);
    if (error instanceof Problem && error.slug === "invalid-request") {
      this.#tell("accessWrongTitle", { key: error.fields.includes("client_id") ? "accessUnknown" : "accessWrong" });
    } else this.#tell("authorizeTitle", error instanceof Unreachable ? { key: "needsServer" } : textOf(error), true);
  }

  /** Shows a heading, and what there is to say instead of a question.
   * @param {import("../../lib/i18n.js").TextKey} heading @param {Text | null} text @param {boolean} [isTrouble] */
  #tell(heading, text, isTrouble = false) {
    this.#asked.replaceChildren();
    setText(find(this.element, "h1", HTMLHeadingElement), heading);
    setText(this.#state, text?.key ?? null, text?.params);
    this.#tryAgain.hidden = !isTrouble;
  }
}

export const createAuthorizeScreen = () => new AuthorizeScreen();
