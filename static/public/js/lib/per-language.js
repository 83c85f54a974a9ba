// What is made once for each language: to make one of the browser's formats takes a hundred times as long as to use it.

/**
 * @template T
 * @param {(language: string) => T} make
 * @returns {(language: string) => T}
 */
export function perLanguage(make) {
  /** @type {Map<string, T>} */
  const made = new Map();
  return (language) => {
    const found = made.get(language) ?? make(language);
    made.set(language, found);
    return found;
  };
}
