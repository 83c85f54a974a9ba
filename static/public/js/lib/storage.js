// Storage that may be missing: private modes and policies refuse it, and the app goes on without.
// Never for tokens: whatever script runs on the page can read what is stored.

/**
 * A storage whose operations never throw.
 * @param {() => Storage} open
 */
const safeStorage = (open) => ({
  /** @param {string} key */
  get(key) {
    try {
      return open().getItem(key);
    } catch {
      return null;
    }
  },
  /** @param {string} key @param {string} value */
  set(key, value) {
    try {
      open().setItem(key, value);
    } catch {
      // Full or refused: the text is still on the page.
    }
  },
  /** @param {string} key */
  remove(key) {
    try {
      open().removeItem(key);
    } catch {
      // Then there is nothing to remove either.
    }
  },
  /** All keys that begin so.
   * @param {string} prefix */
  keys(prefix) {
    try {
      const storage = open();
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      return keys.filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  },
});

/** @typedef {ReturnType<typeof safeStorage>} SafeStorage */

/** For the browser, until it is cleared. */
export const local = safeStorage(() => localStorage);
/** For this tab: survives a reload, ends with the tab. */
export const tab = safeStorage(() => sessionStorage);
