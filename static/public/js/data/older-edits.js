// Edits of the time before the memos were on this device: then a draft was kept for each memo that could not be saved, with the
// version that it was a change of. They go to their memos, as if they were written now.

/** @typedef {import("./memo-service.js").MemoService} MemoService */
/** @typedef {import("./memos.js").MemoStore} MemoStore */

/** Brings them all, once all memos are here. What fails stays for the next time.
 * @param {MemoStore} memos
 * @param {import("./drafts.js").Drafts} drafts
 * @param {Pick<MemoService, "read" | "versions">} service
 * @param {LockManager} [locks] one tab does it; without locks, what both do comes together again */
export async function takeUpOlderEdits(memos, drafts, service, locks) {
  const work = async () => {
    for (const { key, id, text, version } of drafts.olderEdits()) {
      await takeUp(memos, service, id, text, version);
      drafts.forget(key);
    }
  };
  await (locks ? locks.request("older-edits", work) : work());
}

/** @param {MemoStore} memos @param {Pick<MemoService, "read" | "versions">} service @param {string} id @param {string} text
 * @param {number | undefined} version */
async function takeUp(memos, service, id, text, version) {
  const memo = memos.get(id);
  if (text.trim() === "" || memo?.text === text) return;
  if (!memo) await memos.create(text); // It was deleted for good elsewhere.
  else await memos.save(memo.id, text, await textOf(memo, service, version));
}

/** What the memo said at that version; nothing where that is not known any more, and then there are two texts to choose from.
 * @param {import("./memos.js").LocalMemo} memo @param {Pick<MemoService, "read" | "versions">} service
 * @param {number | undefined} version */
async function textOf({ serverId }, service, version) {
  if (serverId === null) return "";
  const [now, { items }] = await Promise.all([service.read(serverId), service.versions(serverId)]);
  return [now, ...items].find((one) => one.version === version)?.text ?? "";
}
