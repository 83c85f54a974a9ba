// <history>: the former versions of a memo, each with what was changed after it, and the way back to it.

import { memos, service } from "../../data/stores.js";
import { SignedOut } from "../../lib/api.js";
import { find, findButton, findElement, focusHeading, fromTemplate } from "../../lib/dom.js";
import { textOf } from "../../lib/error-text.js";
import { setText, setTime } from "../../lib/i18n.js";
import { memoAddress } from "../../routes.js";
import { notify, notifyError } from "../toast/toast.js";
import { differenceOf } from "./difference.js";

/** @typedef {import("../../data/memo-service.js").OldVersion} OldVersion */

class HistoryScreen {
  element = fromTemplate("history-screen", HTMLElement);
  #list = findElement(this.element, ".versions");
  #state = findElement(this.element, ".state");
  /** The server's name for the memo. */
  #id = "";

  /** @param {import("../../router.js").Place} place */
  show({ params }) {
    this.#id = params.id;
    find(this.element, ".back", HTMLAnchorElement).href = memoAddress({ id: this.#id, serverId: this.#id });
    this.#list.replaceChildren();
    focusHeading(this.element);
    return this.#load();
  }

  async #load() {
    const id = this.#id;
    setText(this.#state, "opening");
    try {
      const [memo, { items }] = await Promise.all([service.read(id), service.versions(id)]);
      if (id !== this.#id) return; // Another memo's by now.
      setText(this.#state, items.length === 0 ? "noVersions" : null);
      this.#list.replaceChildren(...items.map((version, index) => this.#item(version, items[index - 1] ?? memo)));
    } catch (error) {
      const { key, params } = textOf(error);
      if (id === this.#id && !(error instanceof SignedOut)) setText(this.#state, key, params);
    }
  }

  /** @param {OldVersion} version @param {{text: string}} next the one after it */
  #item(version, next) {
    const item = fromTemplate("version", HTMLElement);
    item.dataset.version = String(version.version);
    setTime(find(item, "time", HTMLTimeElement), version.written_at);
    findElement(item, ".difference").append(differenceOf(version.text, next.text));
    findButton(item, ".restore").addEventListener("click", () => this.#restore(version.text));
    return item;
  }

  /** @param {string} text */
  async #restore(text) {
    const memo = memos.get(this.#id);
    if (!memo) return;
    try {
      await memos.save(memo.id, text, memo.text);
      const undo = () => memos.save(memo.id, memo.text, text).then(() => notify({ key: "undone" }), notifyError);
      notify({ key: "versionRestored" }, { undo: () => void undo() });
    } catch (error) {
      notifyError(error);
    }
  }
}

export const createHistoryScreen = () => new HistoryScreen();
