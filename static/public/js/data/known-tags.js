// The tags that may be offered to somebody who is writing.

import { newestFirst } from "./query.js";
import { memos, tags } from "./stores.js";

/** All tags: first those of the memos that this tab knows, the newest first, then the others. */
export function knownTags() {
  const newest = [...memos.all()].sort((one, other) => newestFirst(one.id, other.id));
  return [...new Set([...newest.flatMap((memo) => memo.tags), ...tags.names])];
}
