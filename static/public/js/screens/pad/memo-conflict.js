// <memo-conflict>: two texts of one memo, and the choice between them, part by part; or whether a memo that was deleted
// elsewhere is to stay. Nothing is lost before somebody has chosen.

import { memos } from "../../data/stores.js";
import { choicesOf, textOf } from "../../data/sync/merge.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { notify, notifyError } from "../toast/toast.js";

/** @typedef {import("../../data/memos.js").LocalMemo} LocalMemo */
/** @typedef {import("../../data/sync/merge.js").Part} Part */
/** @typedef {"mine" | "theirs" | "both"} Side */

/** Groups of buttons have names of their own. */
let groups = 0;

export class MemoConflict extends HTMLElement {
  /** @type {LocalMemo | null} */
  #memo = null;
  /** @type {Part[]} */
  #parts = [];
  /** What was chosen of each part that there is a choice of.
   * @type {Map<number, Side>} */
  #chosen = new Map();
  #why = findElement(this, ".why");

  constructor() {
    super();
    this.#why.id = `conflict-${(groups += 1)}`;
    this.setAttribute("aria-labelledby", this.#why.id);
    findButton(this, ".drop").addEventListener("click", () => this.#resolve("drop"));
    findButton(this, ".decide").addEventListener("click", () => this.#decide());
  }

  /** @param {LocalMemo} memo one that there is something to decide about */
  show(memo) {
    const { conflict } = memo;
    const before = this.#memo;
    if (!conflict || (before?.text === memo.text && before.conflict === conflict)) return;
    this.#memo = memo;
    const isText = conflict.kind === "text";
    const words = /** @type {const} */ ({ text: "conflictChanged", trashed: "conflictTrashed", gone: "conflictDeleted" });
    setText(this.#why, words[conflict.kind]);
    setText(findButton(this, ".decide"), isText ? "useThis" : "keepMine");
    setText(findButton(this, ".drop"), "discardMine");
    findButton(this, ".drop").hidden = isText;
    this.#parts = isText ? choicesOf(conflict.ancestor, memo.text, conflict.theirs) : [];
    this.#chosen.clear();
    findElement(this, ".parts").replaceChildren(...this.#parts.map((part, index) => this.#partOf(part, index)));
  }

  /** @param {Part} part @param {number} index */
  #partOf(part, index) {
    if ("text" in part) {
      const element = document.createElement("p");
      element.className = "agreed";
      element.textContent = part.text;
      return element;
    }
    const element = fromTemplate("conflict-part", HTMLElement);
    const name = `part-${(groups += 1)}`;
    for (const side of /** @type {Side[]} */ (["mine", "theirs", "both"])) {
      const button = find(element, `.${side} input`, HTMLInputElement);
      button.name = name;
      button.addEventListener("change", () => this.#chosen.set(index, side));
      if (side !== "both") showText(findElement(element, `.${side} .text`), part[side]);
    }
    return element;
  }

  #decide() {
    const { conflict } = this.#memo ?? {};
    if (conflict?.kind !== "text") return this.#resolve("keep");
    const text = textOf(this.#parts, (part, index) => {
      const side = this.#chosen.get(index) ?? "mine";
      return side === "both" ? ended(part.theirs) + part.mine : part[side];
    });
    return this.#resolve({ text });
  }

  /** @param {Parameters<typeof memos.resolve>[1]} choice */
  async #resolve(choice) {
    if (!this.#memo) return;
    const { id } = this.#memo;
    try {
      const undo = await memos.resolve(id, choice);
      notify({ key: choice === "drop" ? "editDiscarded" : "decided" }, { undo: () => void undo().catch(notifyError) });
    } catch (error) {
      notifyError(error);
    }
  }
}

/** What is left out on one side is said to be.
 * @param {HTMLElement} element @param {string} text */
function showText(element, text) {
  if (text.trim() === "") setText(element, "partRemoved");
  else element.textContent = text;
}

/** @param {string} text */
const ended = (text) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

customElements.define("memo-conflict", MemoConflict);

export const createConflict = () => fromTemplate("memo-conflict", MemoConflict);
