// The engine with one thing wrong at a time: the simulation must find each of them.

import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What is wrong, in which file, and how: the first text is there once, and becomes the second. Those that are `rare` take
 * thousands of histories to find. */
export const MUTANTS = [
  ["a create that is tried again has another key", "outbox", "idempotency_key: nonce", "idempotency_key: nonce + Math.random()"],
  ["a request is sent before it is kept", "outbox", "return { put: sent };", "return {};"],
  ["what was written while a request was on its way is taken for saved", "settle", "const memo = result.memo ?? sent;",
    "const memo = result.memo && { ...result.memo, text: record.text };"],
  ["a memo that came by the feed and by its create stays twice", "outbox", "if (!twin) return [next, []];", "return [next, []];", "rare"],
  ["a change that was refused as stale is taken for saved", "settle", "const isOurs = isCarriedOut === true ||", "const isOurs = true ||"],
  ["a date that is refused is sent again", "settle", "undated: true", "undated: false"],
  ["what others wrote is overwritten", "rebase", "const { text } = merge(ancestor, record.text, theirs);", "const { text } = record;"],
  ["a conflict is decided by itself", "rebase", "if (text === null || (", "if (text === null) return [told({ ...next, conflict: null }, record)];\n  if (text === null || ("],
  ["an edited memo that was deleted elsewhere goes without a question", "rebase",
    "if (record.gone || (record.text === ancestor && base) || record.text === base?.text) return copies;", "return copies;"],
  ["a memo that was changed elsewhere is deleted for good", "rebase", "gone: record.gone && !isThere", "gone: record.gone", "rare"],
  ["the text of another tab gives way to the server's", "rebase",
    "if (conflict?.kind !== \"text\" || conflict.theirs === known.text) return [memo.text, []];", "return [memo.text, []];"],
  ["tabs overwrite each other", "record", "const merged = merge(shown, text, record.text).text;", "const merged = text;"],
  ["a memo on its way is said to be saved", "record", "if (!base || sending || conflict || gone) return false;\n", "if (!base || conflict || gone) return false;\n  return true;\n"],
  ["the place in the feed moves on without the news", "engine", "{ ...outcome, place: { ...place, cursor: page.next } }", "{ place: { ...place, cursor: page.next } }"],
  ["who reads everything anew keeps what is gone", "place", "id !== null && pass < place.pass", "id !== null && pass < 0"],
  ["what became of a request of long ago is not looked for", "feed", "if (!body || !memo) continue;", "continue;"],
  ["a guest's memos are moved twice", "adopt", "if (mine.text === record.text) return [];", ""],
];

/** The code with that wrong, in a folder of its own. `clear` removes it.
 * @returns {Promise<{root: string, clear: () => Promise<void>}>} */
export async function mutated([name, file, from, to]) {
  const source = fileURLToPath(new URL("../../public/js/", import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), "mutant-"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await mkdir(join(folder, "data"));
  // The same errors, and whatever else is not changed.
  for (const shared of ["lib", "vendor"]) await symlink(join(source, shared), join(folder, shared));
  await cp(join(source, "data/sync"), join(folder, "data/sync"), { recursive: true });
  const path = join(folder, `data/sync/${file}.js`);
  const text = await readFile(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file}.js has not exactly one ${from}`);
  await writeFile(path, text.replace(from, () => to));
  return { root: `${pathToFileURL(folder).href}/`, clear: () => rm(folder, { recursive: true }) };
}
