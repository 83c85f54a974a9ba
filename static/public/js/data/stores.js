// The app's one session, and the memos of whoever is at this device.

import { call, download, openStream } from "../lib/api.js";
import { local, tab } from "../lib/storage.js";
import { Drafts } from "./drafts.js";
import { MemoService } from "./memo-service.js";
import { MemoStore } from "./memos.js";
import { Selection } from "./selection.js";
import { Session } from "./session.js";
import { TagIndex } from "./tag-index.js";
import { Workspace } from "./workspace.js";

export const session = new Session({
  call,
  openStream,
  download,
  tabs: new BroadcastChannel("session"),
  locks: navigator.locks,
});

export const service = new MemoService((...request) => session.authorized(...request));

export const memos = new MemoStore();

export const workspace = new Workspace({ memos, session, storage: local });

export const selection = new Selection();

export const tags = new TagIndex(memos);

const owner = () => workspace.owner?.id ?? "guest";

export const drafts = new Drafts({ storage: local, tabStorage: tab, owner, tabs: new BroadcastChannel("drafts") });
