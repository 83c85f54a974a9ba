// From a paragraph of Markdown to a small tree of what is in it. One pass finds what is notable; spans.js pairs what
// emphasises and builds the tree. None of them goes back in the text.

import { tagAt } from "../tags.js";
import { backticksAt, codeSpans } from "./code-spans.js";
import { build, pair } from "./spans.js";

/** @typedef {import("./spans.js").Inline} Inline */
/** A bracket that may begin a link: which token it is, and how many runs come before it.
 * @typedef {{token: number, runs: number, isImage: boolean}} Bracket */

const URL_MAX = 2048;
/** How deep parentheses may be nested in an address. */
const PARENTHESES_MAX = 8;
const SCHEMES = ["http:", "https:", "mailto:"];

const NOTABLE = /[\\`*_~[\]#]|(?<![\p{L}\p{N}])(?:https?:\/\/|mailto:)/giu;
/** What an address ends before: white space, quotes and the brackets and stops of East Asian writing. */
const ADDRESS = /[^\s<>"“”‘’「」『』《》〈〉（）。，、]+/uy;
const TITLE = /[ \t]+"[^"\n]{0,200}"[ \t]*\)/y;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const LETTER = /[\p{L}\p{N}]/u;

/**
 * The address if it is one that a link may lead to, or null.
 * @param {string} address
 */
export function safeAddress(address) {
  if (address.length > URL_MAX) return null;
  try {
    const url = new URL(address);
    return SCHEMES.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @returns {Inline[]}
 */
export const parseInline = (text) => new InlineParser(text).parse();

class InlineParser {
  /** @type {import("./spans.js").Token[]} */
  #tokens = [];
  /** @type {import("./spans.js").Run[]} */
  #runs = [];
  /** @type {Bracket[]} */
  #brackets = [];
  #text;
  #code;

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
    this.#code = codeSpans(text);
  }

  parse() {
    let at = 0;
    NOTABLE.lastIndex = 0;
    for (let found = NOTABLE.exec(this.#text); found; found = NOTABLE.exec(this.#text)) {
      this.#plain(at, found.index);
      at = this.#notable(found.index);
      NOTABLE.lastIndex = at;
    }
    this.#plain(at, this.#text.length);
    pair(this.#runs);
    return build(this.#tokens);
  }

  /** @param {number} start @param {number} end */
  #plain(start, end) {
    if (start < end) this.#tokens.push({ text: this.#text.slice(start, end) });
  }

  /** Takes what begins at `at`, and tells where it ends.
   * @param {number} at @returns {number} */
  #notable(at) {
    switch (this.#text[at]) {
      case "\\":
        return this.#escape(at);
      case "`":
        return this.#codeSpan(at);
      case "*":
      case "_":
      case "~":
        return this.#run(at);
      case "[":
        this.#brackets.push({ token: this.#tokens.length, runs: this.#runs.length, isImage: this.#text[at - 1] === "!" });
        this.#plain(at, at + 1);
        return at + 1;
      case "]":
        return this.#closeBracket(at);
      case "#":
        return this.#tag(at);
      default:
        return this.#address(at);
    }
  }

  /** @param {number} at */
  #escape(at) {
    const isEscape = PUNCTUATION.test(this.#text[at + 1] ?? "");
    const end = at + (isEscape ? 2 : 1);
    this.#plain(isEscape ? at + 1 : at, end);
    return end;
  }

  /** @param {number} at */
  #codeSpan(at) {
    const { length } = backticksAt(this.#text, at);
    const start = at + length;
    const end = this.#code.get(at);
    if (end === undefined) {
      this.#plain(at, start);
      return start;
    }
    const text = this.#text.slice(start, end);
    const isPadded = text.startsWith(" ") && text.endsWith(" ") && text.trim() !== ""; // `` ` ``
    this.#tokens.push({ leaf: { type: "code", text: isPadded ? text.slice(1, -1) : text } });
    return end + length;
  }

  /**
   * Unlike in CommonMark, it is white space alone that keeps `*` and `~~` from opening or closing: Korean puts particles
   * right behind, as in `**값(value)**은`. `_` within a word is a part of it.
   * @param {number} at
   */
  #run(at) {
    const char = this.#text[at];
    let end = at;
    while (this.#text[end] === char) end += 1;
    const [before, behind] = [this.#text[at - 1] ?? " ", this.#text[end] ?? " "];
    const isWord = (/** @type {string} */ neighbour) => char === "_" && LETTER.test(neighbour);
    const canOpen = /\S/.test(behind) && !isWord(before);
    const canClose = /\S/.test(before) && !isWord(behind);
    const count = end - at;
    if (char === "~" && count !== 2) this.#plain(at, end);
    else {
      const run = { char, count, canOpen, canClose, begins: [], ends: 0 };
      this.#runs.push(run);
      this.#tokens.push({ run });
    }
    return end;
  }

  /** @param {number} at */
  #closeBracket(at) {
    const bracket = this.#brackets.pop();
    const target = bracket && !bracket.isImage ? this.#target(at + 1) : null;
    if (!bracket || !target) {
      this.#plain(at, at + 1);
      return at + 1;
    }
    pair(this.#runs.splice(bracket.runs));
    this.#tokens[bracket.token] = { begin: { type: "link", href: target.href, inline: [] } };
    this.#tokens.push({ end: true });
    this.#brackets.length = 0; // No link holds another.
    return target.end;
  }

  /** The address in parentheses at `at`, and where they end; or null.
   * @param {number} at */
  #target(at) {
    const text = this.#text;
    if (text[at] !== "(") return null;
    let depth = 0;
    let end = at + 1;
    for (const last = end + URL_MAX; end < last && depth <= PARENTHESES_MAX; end += 1) {
      const char = text[end] ?? " ";
      if (char === "(") depth += 1;
      else if (/[\s<>]/.test(char) || (char === ")" && depth-- === 0)) break;
    }
    if (depth > PARENTHESES_MAX) return null;
    TITLE.lastIndex = end;
    const closing = text[end] === ")" ? ")" : TITLE.exec(text)?.[0];
    const href = closing ? safeAddress(text.slice(at + 1, end)) : null;
    return closing && href ? { href, end: end + closing.length } : null;
  }

  /** @param {number} at */
  #tag(at) {
    const tag = tagAt(this.#text, at);
    if (!tag) {
      this.#plain(at, at + 1);
      return at + 1;
    }
    this.#tokens.push({ leaf: { type: "tag", tag: tag.tag, text: this.#text.slice(at, tag.end) } });
    return tag.end;
  }

  /** An address that is written out is a link to itself, without the punctuation of the sentence that it ends.
   * @param {number} at */
  #address(at) {
    ADDRESS.lastIndex = at;
    const found = ADDRESS.exec(this.#text)?.[0] ?? "";
    const address = withoutPunctuation(found);
    const href = safeAddress(address);
    const end = at + address.length;
    if (!href) this.#plain(at, end);
    else this.#tokens.push({ leaf: { type: "link", href, inline: [this.#text.slice(at, end)] } });
    return end;
  }
}

/** @param {string} address */
function withoutPunctuation(address) {
  let open = address.split("(").length - address.split(")").length; // Fewer than none: the rest is the sentence's.
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1];
    if (last === ")" && open < 0) open += 1;
    else if (!/[.,;:!?'*_~\]]/.test(last)) break;
  }
  return address.slice(0, end);
}
