// What changes many memos at once. It comes when it is needed: most visits change one at a time.

import { local } from "../lib/storage.js";
import { renameTag } from "../lib/tags.js";
import { Many } from "./many.js";
import { memos, service, session } from "./stores.js";
import { TagRename } from "./tag-rename.js";

export const many = new Many(memos, service);

export const renaming = new TagRename({
  service,
  store: memos,
  many,
  storage: local,
  owner: () => session.user?.id,
  rename: renameTag,
});
