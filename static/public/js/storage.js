// Storage that may be missing: private modes and policies refuse it, and the app goes on without.
// Never for tokens: whatever script runs on the page can read what is stored.

const shelf = (open) => ({
  get(key) {
    try {
      return open().getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      open().setItem(key, value);
    } catch {
      // Full or refused: the text is still on the page.
    }
  },
  remove(key) {
    try {
      open().removeItem(key);
    } catch {
      // Then there is nothing to remove either.
    }
  },
});

/** For the browser, until it is cleared. */
export const local = shelf(() => localStorage);
/** For this tab: survives a reload, ends with the tab. */
export const tab = shelf(() => sessionStorage);
