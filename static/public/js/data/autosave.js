// Keeps a memo while it is being written: after a short pause on this device, from where it goes to the server by itself.

import { validateMemo } from "../lib/text.js";

/** Between two keys of somebody who writes. */
const PAUSE_MS = 400;

/** Fires `kept` when this device has kept what was written, `failed` with the error when it could not, and `text` when the
 * memo has another text than the field, which `text` then is: it was changed elsewhere. */
export class Autosave extends EventTarget {
  #memos;
  #id;
  #pause;
  /** The text that the field's was made from.
   * @type {string} */
  #shown;
  #text;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** One after the other. */
  #keeping = Promise.resolve(true);
  #isKeeping = false;
  #isStopped = false;
  #isComposing;
  /** @type {unknown} */
  #failure = null;

  /**
   * @param {import("./memos.js").LocalMemo} memo
   * @param {object} world
   * @param {Pick<import("./memos.js").MemoStore, "get" | "save" | "create">} world.memos
   * @param {() => boolean} [world.isComposing] whether somebody composes: only they may change the field then
   * @param {number} [world.pause] how long nothing is written before it is kept, in milliseconds
   */
  constructor(memo, { memos, isComposing = () => false, pause = PAUSE_MS }) {
    super();
    this.#isComposing = isComposing;
    this.#memos = memos;
    this.#pause = pause;
    this.#id = memo.id;
    this.#shown = this.#text = memo.text;
  }

  /** The text as it is to be in the field. */
  get text() {
    return this.#text;
  }

  /** Whether this device has kept all that was written. */
  get isKept() {
    return this.#text === this.#shown;
  }

  /** What is not kept yet, and of which memo; null where there is nothing. `shown` is the text that it was made from.
   * @returns {{id: string, text: string, shown: string} | null} */
  get unkept() {
    return this.isKept || this.#isStopped ? null : { id: this.#id, text: this.#text, shown: this.#shown };
  }

  /** Why it could not, or null. */
  get failure() {
    return this.#failure;
  }

  /** The text has become this. @param {string} text */
  write(text) {
    if (this.#isStopped) return;
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), this.#pause);
  }

  /** Keeps what is not kept yet. Tells whether all of it is.
   * @returns {Promise<boolean>} */
  flush() {
    clearTimeout(this.#timer);
    this.#keeping = this.#keeping.then(() => this.#keep());
    return this.#keeping;
  }

  /** Takes up what was changed elsewhere; `text` tells what came of it. */
  async takeUp() {
    // What is being kept right now is not from elsewhere, though the memo has it already.
    while (this.#isKeeping) await this.#keeping;
    const memo = this.#memos.get(this.#id);
    if (this.#isStopped || !memo || memo.text === this.#shown || this.#isComposing()) return;
    if (!this.isKept && !(await this.flush())) return;
    const now = this.#memos.get(this.#id);
    if (!now || now.text === this.#text || !this.isKept || this.#isComposing()) return;
    this.#shown = this.#text = now.text;
    this.dispatchEvent(new Event("text"));
  }

  /** Ends. What is not kept is lost, so that who ends it has kept it. */
  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #keep() {
    const [text, shown] = [this.#text, this.#shown];
    if (this.#isStopped || text === shown) return true;
    this.#isKeeping = true;
    try {
      if (this.#memos.get(this.#id)) await this.#memos.save(this.#id, text, shown);
      else if (validateMemo(text) === null) this.#id = await this.#memos.create(text); // It was deleted for good elsewhere.
      this.#failure = null;
      this.#shown = text;
      this.dispatchEvent(new Event("kept"));
      return this.isKept;
    } catch (error) {
      this.#failure = error;
      this.dispatchEvent(new CustomEvent("failed", { detail: error }));
      return false;
    } finally {
      this.#isKeeping = false;
    }
  }
}
