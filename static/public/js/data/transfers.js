// All memos as a file, and memos from one.

import { session } from "./stores.js";

/** What could not be read: a line, or an entry of an archive, and why.
 * @typedef {{line?: number, name?: string, detail: string}} Failure */
/**
 * @typedef {object} Imported
 * @property {number} created
 * @property {number} skipped what was there already
 * @property {Failure[]} failed
 * @property {number} failed_more how many there were beside those
 * @property {boolean} more whether to send the same again
 */

/** An import works for 15 seconds before it answers, and the file has to get there. */
const PATIENCE_MS = 120_000;

export const transfers = {
  /** Everything in one file: lines that lose nothing, or an archive of Markdown files.
   * @param {"lines" | "markdown"} form */
  export: (form) => session.file(`/api/memos/export?${form === "lines" ? "history=true" : "format=markdown"}`),

  /**
   * Sends a file as often as the service has more to do with it. Nothing is made twice.
   * @param {File} file
   * @returns {Promise<Imported>}
   */
  import: async (file) => {
    const isArchive = /\.zip$/i.test(file.name) || file.type === "application/zip";
    const headers = { "content-type": isArchive ? "application/zip" : "application/x-ndjson" };
    for (let created = 0; ; ) {
      /** @type {Imported} */
      const done = await session.authorized("POST", "/api/memos/import", { file, headers, patience: PATIENCE_MS });
      const isOver = !done.more || done.created === 0;
      created += done.created;
      // What was made a moment ago was not there before.
      if (isOver) return { ...done, created, skipped: done.skipped - (created - done.created) };
    }
  },
};
