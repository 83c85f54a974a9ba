// What is being written and not saved yet: survives a reload, and waits for its author through a new sign-in.

import { user } from "./session.js";
import { tab } from "./storage.js";

const key = (name) => `draft/${user()?.id}/${name}`;

export const drafts = {
  /** The draft of that name, or null. */
  get(name) {
    return JSON.parse(tab.get(key(name)));
  },
  set(name, draft) {
    tab.set(key(name), JSON.stringify(draft));
  },
  drop(name) {
    tab.remove(key(name));
  },
};
