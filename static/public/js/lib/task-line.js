// A task that was ticked in one version of a text, found in another.

/**
 * `current` with the line changed that makes `after` of `before`, where that line is still as it was; else null.
 * @param {string} before
 * @param {string} after the same but for one line
 * @param {string} current
 */
export function tickAgain(before, after, current) {
  const [old, ticked, lines] = [before, after, current].map((text) => text.split("\n"));
  const at = old.findIndex((line, index) => line !== ticked[index]);
  if (at === -1 || old.length !== ticked.length) return null;
  const line = old[at];
  // Of lines that read the same, the one that comes as the same one of them.
  const places = lines.flatMap((one, index) => (one === line ? [index] : []));
  const place = places[old.slice(0, at).filter((one) => one === line).length];
  if (place === undefined) return null;
  return [...lines.slice(0, place), ticked[at], ...lines.slice(place + 1)].join("\n");
}
