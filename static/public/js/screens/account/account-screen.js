// The account: an overview, and a part for each thing that can be looked after, at an address of its own. A part is a module
// here, a line in `PARTS`, and one in routes.js.

import { accounts } from "../../data/accounts.js";
import { SignedOut, Unreachable } from "../../lib/api.js";
import { findButton, findElement, find, focusHeading, fromTemplate } from "../../lib/dom.js";
import { isExpected, textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";
import { notify } from "../toast/toast.js";
import { deletionPart } from "./deletion-part.js";
import { createOverview } from "./overview.js";
import { passkeysPart } from "./passkeys-part.js";
import { passwordPart } from "./password-part.js";
import { programsPart } from "./programs-part.js";
import { recoveryCodesPart } from "./recovery-codes-part.js";
import { secondFactorPart } from "./second-factor-part.js";
import { sessionsPart } from "./sessions-part.js";
import { tokensPart } from "./tokens-part.js";
import { transferPart } from "./transfer-part.js";

/** @typedef {import("../../data/accounts.js").Account} Account */
/** @typedef {import("../../lib/error-text.js").Text} Text */
/**
 * What parts can do with the screen that they are on.
 * @typedef {object} Screen
 * @property {() => Promise<void>} reload shows the part anew
 * @property {(key: import("../../lib/i18n.js").TextKey) => Promise<void>} done the same, and tells what has happened
 * @property {(address: string) => void} go leads elsewhere
 */
/**
 * @typedef {object} Part
 * @property {string} path
 * @property {(account: Account) => Text & {time?: string}} summary how it stands, in the overview; a moment follows the words
 * @property {(account: Account, screen: Screen) => HTMLElement | Promise<HTMLElement>} create
 */

/** In the order of the overview.
 * @type {Part[]} */
const PARTS = [
  passwordPart,
  passkeysPart,
  sessionsPart,
  secondFactorPart,
  recoveryCodesPart,
  programsPart,
  tokensPart,
  transferPart,
  deletionPart,
];

class AccountScreen {
  element = fromTemplate("account-screen", HTMLElement);
  #state = findElement(this.element, ".state");
  #tryAgain = findButton(this.element, ".try-again");
  #shown = findElement(this.element, ".part");
  /** @type {import("../../router.js").Place | null} */
  #place = null;
  /** @type {Screen} */
  #screen;

  /** @param {import("../../router.js").Router} router */
  constructor(router) {
    this.#screen = {
      reload: () => this.#load(),
      done: (key) => this.#done(key),
      go: (address) => router.go(address, { replace: true }),
    };
    this.#tryAgain.addEventListener("click", () => this.#load());
    addEventListener("online", () => this.element.isConnected && !this.#tryAgain.hidden && this.#load());
  }

  /** @param {import("../../router.js").Place} place */
  show(place) {
    this.#place = place;
    setText(findElement(this.element, "h1"), place.route.title);
    find(this.element, ".back", HTMLAnchorElement).hidden = !PARTS.some(({ path }) => path === place.route.path);
    focusHeading(this.element);
    return this.#load();
  }

  async #load() {
    const place = this.#place;
    const part = PARTS.find(({ path }) => path === place?.route.path);
    this.#shown.replaceChildren();
    if (place?.route.audience === "guests") return this.#tell({ key: "deletedLead" });
    this.#tell({ key: "opening" });
    try {
      const account = await accounts.read();
      const element = part ? await part.create(account, this.#screen) : createOverview(account, PARTS);
      if (place !== this.#place) return; // Another part by now.
      this.#tell(null);
      this.#shown.replaceChildren(element);
    } catch (error) {
      if (place !== this.#place || error instanceof SignedOut) return;
      if (!isExpected(error)) console.error(error);
      this.#tell(error instanceof Unreachable ? { key: "needsServer" } : textOf(error), true);
    }
  }

  /** @param {import("../../lib/i18n.js").TextKey} key */
  async #done(key) {
    focusHeading(this.element);
    await this.#load();
    notify({ key });
  }

  /** @param {Text | null} text @param {boolean} [isTrouble] */
  #tell(text, isTrouble = false) {
    setText(this.#state, text?.key ?? null, text?.params);
    this.#tryAgain.hidden = !isTrouble;
  }
}

/** @param {import("../../router.js").Router} router */
export const createAccountScreen = (router) => new AccountScreen(router);
