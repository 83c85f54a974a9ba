// How texts come here from elsewhere: the manifest's entries, and the bookmark.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { placeAt } from "../public/js/router.js";
import { bookmarkletFor } from "../public/js/screens/help/bookmarklet.js";

const PUBLIC = new URL("../public/", import.meta.url);

test("the manifest leads to places and pictures that there are", () => {
  const manifest = JSON.parse(readFileSync(new URL("memo.webmanifest", PUBLIC), "utf8"));
  const { share_target: share, shortcuts, icons, start_url: start } = manifest;
  assert.equal(placeAt(share.action)?.route.path, "/new");
  assert.deepEqual([share.method, share.params], ["GET", { title: "title", text: "text", url: "url" }]);
  assert(shortcuts.length > 0);
  for (const url of [start, ...shortcuts.map((shortcut) => shortcut.url)]) assert(placeAt(url), url);
  for (const { src } of [...icons, ...shortcuts.flatMap((shortcut) => shortcut.icons)]) {
    assert(existsSync(new URL(`.${src}`, PUBLIC)), src);
  }
});

test("the bookmark opens the pad with the page that one is on", () => {
  const address = bookmarkletFor("https://memo.test");
  assert(address.startsWith("javascript:") && !/[\s"<>]/.test(address));
  const script = decodeURIComponent(address.slice("javascript:".length));
  /** What it opens on a page. */
  const opened = (title, href, selected) => {
    let target;
    const world = { document: { title }, location: { href }, getSelection: () => ({ toString: () => selected }), open: (url) => (target = url) };
    // eslint-disable-next-line no-new-func
    new Function(...Object.keys(world), script)(...Object.values(world));
    return new URL(target);
  };
  const { origin, pathname, searchParams } = opened("A & B", "https://page.test/?q=1#x", "고른 글");
  assert.deepEqual([origin, pathname, ...searchParams], ["https://memo.test", "/new", ["title", "A & B"], ["text", "고른 글"], ["url", "https://page.test/?q=1#x"]]);
  assert.equal(opened("", "https://page.test/", "x".repeat(9999)).searchParams.get("text").length, 2000);
});
