// The app's own paths: the one list of them. The component that serves the site reads it, too (`build/routes.rs`), and
// answers these paths with the app's page and all others with 404. `{id}` stands for one segment of a path, and
// `{tag...}`, at the end, for one or more.

/**
 * @typedef {object} Route
 * @property {string} path
 * @property {"pad" | "history" | "share" | "account" | "sign-in" | "recover" | "authorize" | "help"} screen
 * @property {"members" | "guests" | "all"} audience for members: asks others to sign in first; guests: have not yet
 * @property {import("./lib/i18n.js").TextKey} title
 * @property {import("./data/query.js").State} [state] where there is a list: which memos it holds
 */

/** @type {Route[]} */
export const ROUTES = [
  { path: "/", screen: "pad", audience: "all", title: "yourMemos", state: "active" },
  { path: "/new", screen: "pad", audience: "all", title: "newMemo", state: "active" },
  { path: "/m/{id}", screen: "pad", audience: "all", title: "oneMemo" },
  { path: "/m/{id}/history", screen: "history", audience: "members", title: "history" },
  { path: "/m/{id}/share", screen: "share", audience: "members", title: "share" },
  { path: "/tag/{tag...}", screen: "pad", audience: "all", title: "tagTitle", state: "active" },
  { path: "/search", screen: "pad", audience: "all", title: "searchTitle", state: "active" },
  { path: "/archived", screen: "pad", audience: "all", title: "archivedTitle", state: "archived" },
  { path: "/trash", screen: "pad", audience: "all", title: "trashTitle", state: "trashed" },
  { path: "/sign-in", screen: "sign-in", audience: "guests", title: "signIn" },
  { path: "/sign-up", screen: "sign-in", audience: "guests", title: "signUp" },
  { path: "/recover", screen: "recover", audience: "all", title: "recoverTitle" },
  { path: "/authorize", screen: "authorize", audience: "members", title: "authorizeTitle" },
  { path: "/account", screen: "account", audience: "members", title: "accountTitle" },
  { path: "/account/password", screen: "account", audience: "members", title: "password" },
  { path: "/account/passkeys", screen: "account", audience: "members", title: "passkeysTitle" },
  { path: "/account/sessions", screen: "account", audience: "members", title: "sessionsTitle" },
  { path: "/account/second-factor", screen: "account", audience: "members", title: "secondFactorTitle" },
  { path: "/account/recovery-codes", screen: "account", audience: "members", title: "recoveryCodesTitle" },
  { path: "/account/programs", screen: "account", audience: "members", title: "programsTitle" },
  { path: "/account/tokens", screen: "account", audience: "members", title: "tokensTitle" },
  { path: "/account/transfer", screen: "account", audience: "members", title: "transferTitle" },
  { path: "/account/delete", screen: "account", audience: "members", title: "deletionTitle" },
  { path: "/account/deleted", screen: "account", audience: "guests", title: "deletedTitle" },
  { path: "/help", screen: "help", audience: "all", title: "help" },
];

/** The address of a memo: by the server's name for it, as soon as it has one.
 * @param {{id: string, serverId: string | null}} memo */
export const memoAddress = ({ id, serverId }) => `/m/${encodeURIComponent(serverId ?? id)}`;

/** The address of what a search finds. @param {string} q */
export const searchAddress = (q) => (q === "" ? "/search" : `/search?q=${encodeURIComponent(q)}`);
