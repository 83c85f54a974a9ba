// The app's one session, and what belongs to whoever is signed in.

import { call } from "../lib/api.js";
import { local, tab } from "../lib/storage.js";
import { Drafts } from "./drafts.js";
import { MemoService } from "./memo-service.js";
import { MemoStore } from "./memos.js";
import { Selection } from "./selection.js";
import { Session } from "./session.js";
import { TagIndex } from "./tag-index.js";

export const session = new Session({ call, tabs: new BroadcastChannel("session"), locks: navigator.locks });

const owner = () => session.user?.id;

export const service = new MemoService((...request) => session.authorized(...request));

export const memos = new MemoStore(service);

export const selection = new Selection();

export const tags = new TagIndex(service);

export const drafts = new Drafts({ storage: local, tabStorage: tab, owner, tabs: new BroadcastChannel("drafts") });
