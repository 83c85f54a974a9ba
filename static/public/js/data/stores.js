// The app's one session, its memos and its drafts.

import { call } from "../lib/api.js";
import { local, tab } from "../lib/storage.js";
import { Drafts } from "./drafts.js";
import { MemoService } from "./memo-service.js";
import { MemoStore } from "./memos.js";
import { Session } from "./session.js";

export const session = new Session({ call, tabs: new BroadcastChannel("session"), locks: navigator.locks });

export const memos = new MemoStore(new MemoService((...request) => session.authorized(...request)));

export const drafts = new Drafts({
  storage: local,
  tabStorage: tab,
  owner: () => session.user?.id,
  tabs: new BroadcastChannel("drafts"),
});
