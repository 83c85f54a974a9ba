// <share>: the links by which others read a memo: making one, which shows it this once, and ending it.

import { service } from "../../data/stores.js";
import { isProblem, SignedOut } from "../../lib/api.js";
import { find, findButton, findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { textOf } from "../../lib/error-text.js";
import { setText, setTime } from "../../lib/i18n.js";
import { addressOf } from "../../lib/services.js";
import { memoAddress } from "../../routes.js";
import { copy } from "../account/copy.js";
import { ask } from "../question/question.js";
import { notify, notifyError } from "../toast/toast.js";

/** @typedef {import("../../data/memo-service.js").Share} Share */

/** For how many days a link may be good here, and for how many it is unless somebody chooses. */
const LIFETIMES = [1, 7, 30, 365];
const LIFETIME = 7;

class ShareScreen {
  element = fromTemplate("share-screen", HTMLElement);
  #list = findElement(this.element, ".links");
  #state = findElement(this.element, ".state");
  #wrong = findElement(this.element, ".wrong");
  #lifetime = find(this.element, "select", HTMLSelectElement);
  /** The server's name for the memo. */
  #id = "";

  constructor() {
    const lifetimes = LIFETIMES.map((count) => {
      const option = new Option("", String(count), count === LIFETIME, count === LIFETIME);
      setText(option, "days", { count });
      return option;
    });
    this.#lifetime.append(...lifetimes);
    find(this.element, "form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
  }

  /** @param {import("../../router.js").Place} place */
  show({ params }) {
    this.#id = params.id;
    find(this.element, ".back", HTMLAnchorElement).href = memoAddress({ id: this.#id, serverId: this.#id });
    this.#list.replaceChildren();
    setText(this.#wrong, null);
    focusHeading(this.element);
    return this.#load();
  }

  async #load() {
    const id = this.#id;
    setText(this.#state, "opening");
    try {
      const { items } = await service.shares(id);
      if (id !== this.#id) return; // Another memo's by now.
      this.#list.replaceChildren(...items.reverse().map((share) => this.#item(share)));
      this.#tellIfNone();
    } catch (error) {
      const { key, params } = textOf(error);
      if (id === this.#id && !(error instanceof SignedOut)) setText(this.#state, key, params);
    }
  }

  #tellIfNone() {
    setText(this.#state, this.#list.childElementCount === 0 ? "noLinks" : null);
  }

  async #make() {
    const id = this.#id;
    const button = findButton(this.element, "[type=submit]");
    setText(this.#wrong, null);
    button.disabled = true;
    try {
      const { token, ...share } = await service.share(id, Number(this.#lifetime.value));
      if (id !== this.#id) return;
      const item = this.#item(share);
      this.#list.prepend(item);
      this.#tellIfNone();
      // This page knows better than the service where that is reached.
      showAddress(item, new URL(addressOf(`/api/shares/${token}`), location.href).href);
    } catch (error) {
      const { key, params } = textOf(error);
      if (error instanceof SignedOut) return;
      if (isProblem(error, "quota-exceeded")) setText(this.#wrong, "tooManyLinks");
      else setText(this.#wrong, key, params);
    } finally {
      button.disabled = false;
    }
  }

  /** @param {Share} share */
  #item(share) {
    const item = fromTemplate("share-link", HTMLElement);
    const until = find(item, "time", HTMLTimeElement);
    setTime(until, share.expires_at);
    until.id = `until-${share.id}`;
    const button = findButton(item, ".end-link");
    button.id = `end-${share.id}`;
    button.setAttribute("aria-labelledby", `${button.id} ${until.id}`);
    button.addEventListener("click", () => this.#end(share, item));
    return item;
  }

  /** @param {Share} share @param {HTMLElement} item */
  async #end({ id }, item) {
    const isAgreed = await ask({
      title: { key: "endLinkQuestion" },
      text: { key: "endLinkMeaning" },
      yes: "endLink",
      no: "keep",
    });
    if (!isAgreed) return;
    try {
      await service.endShare(id);
    } catch (error) {
      if (!isProblem(error, "not-found")) return notifyError(error); // It had ended by itself.
    }
    item.remove();
    this.#tellIfNone();
    focusHeading(this.element);
    notify({ key: "linkEnded" });
  }
}

/** Shows a new link. Its address is on this page and nowhere else. @param {HTMLElement} item @param {string} address */
function showAddress(item, address) {
  findElement(item, ".new").hidden = false;
  const text = findElement(item, ".address");
  text.textContent = address;
  findButton(item, ".copy-link").addEventListener("click", () => copy(text, address));
  const send = findButton(item, ".send-link");
  send.hidden = !("share" in navigator);
  send.addEventListener("click", () => void navigator.share({ url: address }).catch(() => {})); // Nobody was chosen.
  text.focus();
}

export const createShareScreen = () => new ShareScreen();
