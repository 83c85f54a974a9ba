// All memos as a file, and memos from one.

import { transfers } from "../../data/transfers.js";
import { Problem, SignedOut } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { isExpected, textOf } from "../../lib/error-text.js";
import { setText, t } from "../../lib/i18n.js";

/** @typedef {import("../../lib/error-text.js").Text} Text */
/** @typedef {import("../../data/transfers.js").Failure} Failure */

/** How long a file stays at hand whose download has begun. */
const KEPT_MS = 60_000;

/** What is wrong with a file is another thing than with a memo.
 * @type {Record<string, import("../../lib/i18n.js").TextKey>} */
const TROUBLES = { conflict: "importBusy", "body-too-large": "importTooLarge", "invalid-request": "importUnknown" };

/** @param {unknown} error @returns {Text} */
function troubleOf(error) {
  const key = error instanceof Problem ? TROUBLES[error.slug] : undefined;
  return key ? { key } : textOf(error);
}

/** @type {import("./account-screen.js").Part} */
export const transferPart = {
  path: "/account/transfer",
  summary: () => ({ key: "transferSummary" }),
  create: () => {
    const part = fromTemplate("transfer-part", HTMLElement);
    const exports = findElement(part, ".export");
    for (const form of /** @type {const} */ (["lines", "markdown"])) {
      findButton(exports, `.${form}`).addEventListener("click", () => exportAs(form, exports));
    }
    const imports = find(part, ".import", HTMLFormElement);
    imports.addEventListener("submit", (event) => {
      event.preventDefault();
      importFrom(imports);
    });
    return part;
  },
};

/**
 * Does it unless it is being done already, and says how it goes.
 * @param {HTMLElement} element
 * @param {() => Promise<Text>} work
 */
async function doOnce(element, work) {
  if (element.ariaBusy === "true") return;
  const say = (/** @type {Text} */ { key, params }) => setText(findElement(element, ".state"), key, params);
  element.ariaBusy = "true";
  say({ key: "transferring" });
  try {
    say(await work());
  } catch (error) {
    if (!isExpected(error) && !(error instanceof SignedOut)) console.error(error);
    say(troubleOf(error));
  }
  element.ariaBusy = "false";
}

/** @param {"lines" | "markdown"} form @param {HTMLElement} element */
const exportAs = (form, element) =>
  doOnce(element, async () => {
    const { name, blob } = await transfers.export(form);
    const link = document.createElement("a");
    link.download = name;
    link.href = URL.createObjectURL(blob);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
    return { key: "exported", params: { name } };
  });

/** @param {HTMLFormElement} element */
async function importFrom(element) {
  const input = find(element, ".file", HTMLInputElement);
  const failed = findElement(element, ".failed");
  const file = input.files?.[0];
  if (!file) {
    setText(findElement(element, ".state"), "importMissing");
    return input.focus();
  }
  failed.replaceChildren();
  failed.hidden = true;
  await doOnce(element, async () => {
    const done = await transfers.import(file);
    failed.append(...done.failed.map(failureOf));
    failed.hidden = done.failed.length === 0;
    const count = done.failed.length + done.failed_more;
    const params = { created: done.created, skipped: done.skipped, count };
    return { key: count === 0 ? "imported" : "importedNotAll", params };
  });
}

/** @param {Failure} failure */
function failureOf({ line, name, detail }) {
  const item = document.createElement("li");
  const why = document.createElement("span");
  // The service says it in English.
  why.lang = "en";
  why.textContent = detail;
  item.append(line === undefined ? (name ?? "") : t("importLine", { line }), " · ", why);
  return item;
}
