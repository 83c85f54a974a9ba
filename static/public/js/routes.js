// The app's own paths: the one list of them. The component that serves the site reads it, too (`build/routes.rs`), and
// answers these paths with the app's page and all others with 404. `{id}` stands for one segment of a path.

/**
 * @typedef {object} Route
 * @property {string} path
 * @property {"pad" | "sign-in" | "help"} screen
 * @property {"members" | "guests" | "all"} audience for members: asks others to sign in first; guests: have not yet
 * @property {import("./lib/i18n.js").TextKey} title
 */

/** @type {Route[]} */
export const ROUTES = [
  { path: "/", screen: "pad", audience: "members", title: "yourMemos" },
  { path: "/new", screen: "pad", audience: "members", title: "newMemo" },
  { path: "/m/{id}", screen: "pad", audience: "members", title: "oneMemo" },
  { path: "/sign-in", screen: "sign-in", audience: "guests", title: "signInTitle" },
  { path: "/sign-up", screen: "sign-in", audience: "guests", title: "signUpTitle" },
  { path: "/help", screen: "help", audience: "all", title: "helpTitle" },
];
