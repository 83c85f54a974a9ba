// The same cases hold the memo service's reading of Markdown (`memo-component/src/markdown/`), which shows shared memos.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { renderMarkdown } from "../public/js/lib/markdown/render.js";
import { fakeDocument, htmlOf } from "./fake-dom.js";

globalThis.document = fakeDocument;

const corpus = JSON.parse(readFileSync(new URL("../../tests/corpora/markdown.json", import.meta.url), "utf8"));

/** The HTML of a text. For who reads a shared memo a tag leads nowhere.
 * @param {string} text */
function toHtml(text) {
  const shown = renderMarkdown(text);
  for (const link of shown.all.filter(({ className }) => className === "tag")) {
    Object.assign(link, { localName: "span", href: undefined });
  }
  return htmlOf(shown);
}

test("every case of the corpus is the HTML that it should be", () => {
  assert(corpus.length > 200);
  for (const { text, html } of corpus) assert.equal(toHtml(text), html, JSON.stringify(text));
});
