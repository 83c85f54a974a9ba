// The memos that are selected, to do something to all of them.

/** Fires `change`. */
export class Selection extends EventTarget {
  /** @type {Set<string>} */
  #ids = new Set();

  get ids() {
    return [...this.#ids];
  }

  get size() {
    return this.#ids.size;
  }

  /** @param {string} id */
  has(id) {
    return this.#ids.has(id);
  }

  /** @param {string} id */
  toggle(id) {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.dispatchEvent(new Event("change"));
  }

  /** Tells whether there was anything to clear. */
  clear() {
    if (this.#ids.size === 0) return false;
    this.#ids.clear();
    this.dispatchEvent(new Event("change"));
    return true;
  }

  /** Leaves what is no longer to be seen. @param {string[]} ids what is */
  keepOnly(ids) {
    const visible = new Set(ids);
    const left = this.ids.filter((id) => visible.has(id));
    if (left.length === this.size) return;
    this.#ids = new Set(left);
    this.dispatchEvent(new Event("change"));
  }
}
