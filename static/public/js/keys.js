// The two keys of a text that is being written.

/** Ctrl or Cmd with Enter saves, Escape cancels; not while an input method still composes a syllable with them. */
export function onKeys(textarea, { save, cancel }) {
  textarea.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const wantsSave = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    const action = wantsSave ? save : event.key === "Escape" ? cancel : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** The key of the catalogs that tells these shortcuts: a Mac's keys have other names. */
export const shortcut = (key) => (/Mac|iPhone|iPad/.test(navigator.userAgent) ? `${key}Mac` : key);
