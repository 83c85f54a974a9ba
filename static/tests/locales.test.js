// The words of all languages, and how they are put together.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { choose } from "../public/js/lib/language.js";
import { format, parametersOf } from "../public/js/lib/message.js";
import firstEn from "../public/locales/en.js";
import lateEn from "../public/locales/late/en.js";
import { FALLBACK, LANGUAGES } from "../public/locales/languages.js";

const PUBLIC = new URL("../public/", import.meta.url);
const files = (folder, extension) =>
  readdirSync(new URL(folder, PUBLIC), { recursive: true }).filter((name) => name.endsWith(extension));

const en = { ...firstEn, ...lateEn };
const locales = await Promise.all(
  Object.entries(LANGUAGES).map(async ([tag, source]) => {
    const [first, late] = [(await source.load()).default, (await source.loadLate()).default];
    return [tag, { ...first, ...late }, first];
  }),
);

test("every file of words is a language, and the other way round", () => {
  const found = files("locales", ".js").map((name) => name.replace(".js", "")).filter((name) => name !== "languages");
  const expected = Object.keys(LANGUAGES).flatMap((tag) => [tag, `late/${tag}`]);
  assert.deepEqual(found.sort(), expected.sort());
  assert(Object.hasOwn(LANGUAGES, FALLBACK));
});

test("all languages say the same things, with the same parameters", () => {
  assert(Object.keys(en).length > 50);
  for (const [tag, words, first] of locales) {
    assert.deepEqual(Object.keys(words), Object.keys(en), tag);
    assert.deepEqual(Object.keys(first), Object.keys(firstEn), tag);
    for (const [key, message] of Object.entries(words)) {
      assert.deepEqual(parametersOf(message), parametersOf(en[key]), `${tag}: ${key}`);
    }
  }
});

test("a message with forms has the forms of its language", () => {
  for (const [tag, words] of locales) {
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, message] of Object.entries(words)) {
      if (typeof message === "string") continue;
      const forms = Object.keys(message).filter((form) => form !== "none");
      assert.deepEqual(forms.sort(), [...categories].sort(), `${tag}: ${key}`);
      assert.equal(message.none === undefined, en[key].none === undefined, `${tag}: ${key}`);
      assert(parametersOf(message).includes("count"), `${tag}: ${key}`);
    }
  }
});

test("nobody is shouted at, and nothing is empty", () => {
  for (const [tag, words] of locales) {
    for (const [key, message] of Object.entries(words)) {
      for (const form of typeof message === "string" ? [message] : Object.values(message)) {
        assert(!/[!！]/.test(form), `${tag}: ${key}`);
        assert(form.trim() !== "", `${tag}: ${key}`);
      }
    }
  }
});

test("Korean is polite in one way, and puts no particle after a parameter", () => {
  const ko = locales.find(([tag]) => tag === "ko")[1];
  for (const [key, message] of Object.entries(ko)) {
    for (const form of typeof message === "string" ? [message] : Object.values(message)) {
      assert(!/니다[.?]|십시오/.test(form), key);
      assert(!/\}(을|를|이|가|은|는|와|과|로|으로|에서|에게|에)(?=[\s.,?]|$)/.test(form), key);
    }
  }
});

test("the pages and the code ask for words that there are", () => {
  let seen = 0;
  for (const name of files(".", ".html")) {
    const html = readFileSync(new URL(name, PUBLIC), "utf8");
    for (const [, key] of html.matchAll(/ data-(?:text|label|placeholder)="([^"]+)"/g)) {
      assert(Object.hasOwn(en, key), `${name}: ${key}`);
      seen += 1;
    }
  }
  assert(seen > 20);
});

test("nothing is said that nobody asks for", () => {
  const code = [...files(".", ".html"), ...files("js", ".js").map((name) => `js/${name}`)]
    .map((name) => readFileSync(new URL(name, PUBLIC), "utf8"))
    .join("\n");
  const idle = Object.keys(en).filter((key) => !key.startsWith("problem.") && !code.includes(`"${key}"`));
  assert.deepEqual(idle, []);
});

test("parameters are filled in, and numbers written as the language writes them", () => {
  assert.equal(format("{a} and {b}", { a: "x", b: 12345 }, "en"), "x and 12,345");
  assert.equal(format("{a} stays", {}, "en"), "{a} stays");
  assert.equal(format("{a}", { a: "{b}", b: "no" }, "en"), "{b}", "what is filled in is not read again");
});

test("the form is chosen by the count", () => {
  const message = { one: "{count} second", other: "{count} seconds" };
  assert.equal(format(message, { count: 1 }, "en"), "1 second");
  assert.equal(format(message, { count: 30 }, "en"), "30 seconds");
  assert.equal(format({ other: "{count}초" }, { count: 1 }, "ko"), "1초");
});

test("the language is the first wanted one that the site speaks", () => {
  assert.equal(choose([null, "fr-FR", "ko-KR", "en"]), "ko");
  assert.equal(choose(["en-GB", "ko"]), "en");
  assert.equal(choose(["KO"]), "ko");
  assert.equal(choose(["fr", "__proto__", "constructor"]), FALLBACK);
  assert.equal(choose([]), FALLBACK);
});

test("where there are none, the form for none is taken, if there is one", () => {
  const message = { none: "Offline", one: "Offline · {count}", other: "Offline · {count}" };
  assert.deepEqual([0, 1, 2].map((count) => format(message, { count }, "en")), ["Offline", "Offline · 1", "Offline · 2"]);
  assert.equal(format({ one: "a", other: "b" }, { count: 0 }, "en"), "b");
});
