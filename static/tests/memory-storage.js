// A browser's storage, in memory.

export class MemoryStorage {
  #items = new Map();
  /** How many characters it takes at most. */
  limit = Infinity;
  get length() {
    return this.#items.size;
  }
  key = (index) => [...this.#items.keys()][index] ?? null;
  getItem = (key) => this.#items.get(key) ?? null;
  setItem = (key, value) => {
    if (value.length > this.limit) throw new Error("full");
    this.#items.set(key, value);
  };
  removeItem = (key) => void this.#items.delete(key);
}
