// What was being written when the page went away. The database would need a moment that there is no more; the browser's
// storage takes it at once, and the next page brings it into the memo.

/** @typedef {import("./drafts.js").Drafts} Drafts */
/** @typedef {import("./memos.js").MemoStore} MemoStore */

const KIND = "edit";

/** Keeps what is not kept, as the page goes away.
 * @param {MemoStore} memos @param {Drafts} drafts */
export function keepLastWords(memos, drafts) {
  for (const { unkept } of memos.writers) if (unkept) drafts.set(`${KIND}/${unkept.id}`, unkept);
  memos.flush().catch(() => {}); // For a page that comes back.
}

/** Forgets it again: the page is back, and what was being written in it.
 * @param {MemoStore} memos @param {Drafts} drafts */
export async function forgetLastWords(memos, drafts) {
  await memos.flush();
  for (const name of drafts.names(KIND)) drafts.delete(name);
}

/** Brings what was kept into the memos. What is there already changes nothing.
 * @param {MemoStore} memos @param {Drafts} drafts */
export async function takeUpLastWords(memos, drafts) {
  for (const name of drafts.names(KIND)) {
    const { text, shown } = drafts.get(name) ?? {};
    const id = name.slice(KIND.length + 1);
    if (text !== undefined && memos.get(id)) await memos.save(id, text, shown ?? text);
    else if (text?.trim()) await memos.create(text); // It was deleted for good elsewhere.
    drafts.delete(name);
  }
}
