// Emphasis and links: which characters belong together, and the tree that they make.

/**
 * @typedef {string
 *   | {type: "code", text: string}
 *   | {type: "tag", tag: string, text: string}
 *   | Span} Inline
 */
/** @typedef {{type: "strong" | "emphasis" | "strike" | "link", href?: string, inline: Inline[]}} Span */
/** Characters that may begin or end spans; what begins here is listed from the inside out.
 * @typedef {{char: string, count: number, canOpen: boolean, canClose: boolean, begins: Span[], ends: number}} Run */
/** @typedef {{text: string} | {leaf: Exclude<Inline, string>} | {run: Run} | {begin: Span} | {end: true}} Token */

/** What is nested deeper is shown without its emphasis. */
const DEPTH_MAX = 16;

/**
 * Pairs runs that begin emphasis with those that end it. Every run is put on the stack once, and taken off once.
 * @param {Run[]} runs
 */
export function pair(runs) {
  /** @type {Run[]} */
  const openers = [];
  /** How many of the openers are of a character.
   * @type {Record<string, number>} */
  const waiting = { "*": 0, _: 0, "~": 0 };
  const drop = () => (waiting[openers.pop()?.char ?? ""] -= 1);
  for (const run of runs) {
    while (run.canClose && run.count > 0 && waiting[run.char] > 0) {
      while (openers.at(-1)?.char !== run.char) drop();
      const opener = /** @type {Run} */ (openers.at(-1));
      const width = Math.min(opener.count, run.count, 2);
      opener.begins.push({ type: run.char === "~" ? "strike" : width === 2 ? "strong" : "emphasis", inline: [] });
      run.ends += 1;
      opener.count -= width;
      run.count -= width;
      if (opener.count === 0) drop();
    }
    if (!run.canOpen || run.count === 0) continue;
    openers.push(run);
    waiting[run.char] += 1;
  }
}

/** The tree that tokens make.
 * @param {Token[]} tokens */
export function build(tokens) {
  const builder = new Builder();
  for (const token of tokens) {
    if ("text" in token) builder.text(token.text);
    else if ("leaf" in token) builder.leaf(token.leaf);
    else if ("begin" in token) builder.begin(token.begin);
    else if ("end" in token) builder.end();
    else {
      const { run } = token;
      for (let count = run.ends; count > 0; count -= 1) builder.end();
      builder.text(run.char.repeat(run.count));
      run.begins.reverse().forEach((span) => builder.begin(span));
    }
  }
  return builder.root;
}

class Builder {
  /** @type {Inline[]} */
  root = [];
  /** @type {Span[]} */
  #open = [];
  /** How many spans are open that are nested too deep to be shown. */
  #flat = 0;

  get #top() {
    return this.#open.at(-1)?.inline ?? this.root;
  }

  /** @param {string} text */
  text(text) {
    const top = this.#top;
    const last = top.at(-1);
    if (typeof last === "string") top[top.length - 1] = last + text;
    else if (text !== "") top.push(text);
  }

  /** @param {Exclude<Inline, string>} leaf */
  leaf(leaf) {
    const isInLink = this.#open.some(({ type }) => type === "link");
    if (leaf.type === "tag" && isInLink) this.text(leaf.text);
    else if (leaf.type === "link" && isInLink) this.text(String(leaf.inline[0]));
    else this.#top.push(leaf);
  }

  /** @param {Span} span */
  begin(span) {
    if (this.#open.length === DEPTH_MAX) {
      this.#flat += 1;
      return;
    }
    this.#top.push(span);
    this.#open.push(span);
  }

  end() {
    if (this.#flat > 0) this.#flat -= 1;
    else this.#open.pop();
  }
}
