// All tags with how many memos have them, as the service counts them.

/** @typedef {{tag: string, name: string, count: number, children: TagNode[]}} TagNode `count`: with what is below */

/** Long enough for a few changes in a row to be one. */
const SETTLE_MS = 700;
/** The service goes on counting where one request was not enough. */
const ASKS_MAX = 50;

/** Fires `change` when other tags or numbers are known. */
export class TagIndex extends EventTarget {
  /** @type {{tag: string, count: number}[]} */
  #tags = [];
  #asks = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #service;

  /** @param {Pick<import("./memo-service.js").MemoService, "tags">} service */
  constructor(service) {
    super();
    this.#service = service;
  }

  /** The names of all tags, sorted as the page's language sorts. */
  get names() {
    return this.#tags.map(({ tag }) => tag);
  }

  /** The tags with those below them, each level sorted. @returns {TagNode[]} */
  get tree() {
    return treeOf(this.#tags);
  }

  /** Forgets everything, as for somebody else. */
  clear() {
    this.#asks += 1;
    clearTimeout(this.#timer);
    this.#tags = [];
    this.dispatchEvent(new Event("change"));
  }

  /** Asks again, once what is going on has settled. */
  refreshSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), SETTLE_MS);
  }

  /** Asks the service, quietly: where that fails, the old numbers stay. */
  async refresh() {
    const mine = (this.#asks += 1);
    try {
      for (let asks = 0; asks < ASKS_MAX; asks += 1) {
        const { items, more } = await this.#service.tags();
        if (mine !== this.#asks) return;
        this.#tags = items;
        this.dispatchEvent(new Event("change"));
        if (!more) return;
      }
    } catch {
      // Nobody asked for this.
    }
  }
}

/**
 * Nests `a/b` under `a`, which is there then even if no memo has it.
 * @param {{tag: string, count: number}[]} tags
 * @returns {TagNode[]}
 */
export function treeOf(tags) {
  /** @type {Map<string, TagNode>} */
  const nodes = new Map();
  /** @type {TagNode[]} */
  const roots = [];
  for (const { tag, count } of tags) {
    const parts = tag.split("/");
    let siblings = roots;
    for (const [depth, name] of parts.entries()) {
      const path = parts.slice(0, depth + 1).join("/");
      const node = nodes.get(path) ?? { tag: path, name, count: 0, children: [] };
      if (!nodes.has(path)) siblings.push(node);
      nodes.set(path, node);
      node.count += count;
      siblings = node.children;
    }
  }
  for (const siblings of [roots, ...Array.from(nodes.values(), ({ children }) => children)]) {
    siblings.sort((one, other) => one.name.localeCompare(other.name));
  }
  return roots;
}
