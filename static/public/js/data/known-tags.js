// The tags that may be offered to somebody who is writing.

import { tagsOf } from "../lib/tags.js";
import { memos } from "./stores.js";

/** The tags of the memos that this tab knows, those of the newest memos first. */
export function knownTags() {
  const texts = memos.stream.map((id) => memos.get(id)?.text ?? "");
  return [...new Set(texts.flatMap((text) => tagsOf(text)))];
}
