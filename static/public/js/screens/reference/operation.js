// An operation: a line, and what is to know about it for whoever opens that.

import { setText } from "../../lib/i18n.js";
import { formsOf, membersOf, parametersOf, resolve } from "./description.js";
import { curlOf } from "./example.js";

/** @typedef {import("./description.js").Description} Description */
/** @typedef {import("./description.js").Member} Member */
/** @typedef {import("./description.js").Part} Part */
/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */

/** @param {Description} description @param {string} method @param {string} path */
export function createOperation(description, method, path) {
  const operation = description.paths[path][method];
  const card = document.createElement("details");
  card.className = "operation card";
  card.id = operation.operationId;
  const line = document.createElement("summary");
  const request = element("code", `${method.toUpperCase()} ${path}`);
  const name = element("span", operation.summary, "en");
  line.append(request, " ", name);
  card.append(line);
  // Most are never opened, and there are many.
  card.addEventListener("toggle", () => {
    if (card.open && card.children.length === 1) card.append(...details(description, method, path));
  });
  return card;
}

/** @param {Description} description @param {string} method @param {string} path */
function details(description, method, path) {
  const item = description.paths[path];
  const operation = item[method];
  const parts = [element("p", operation.description ?? "", "en")];
  const scopes = operation.security?.flatMap((/** @type {Part} */ way) => way.oauth ?? []) ?? [];
  if (scopes.length > 0) parts.push(titled("apiScope"), element("p", scopes.join(" ")));
  const parameters = parametersOf(description, item, operation);
  if (parameters.length > 0) parts.push(titled("apiParameters"), list(parameters));
  if (operation.requestBody) parts.push(titled("apiBody"), ...bodies(description, operation.requestBody));
  parts.push(titled("apiExample"), element("pre", curlOf(description, method, path)), titled("apiAnswers"));
  for (const [status, part] of Object.entries(operation.responses)) parts.push(...answer(description, status, part));
  return parts;
}

/** @param {Description} description @param {string} status @param {Part} part */
function answer(description, status, part) {
  const response = resolve(description, part);
  const line = element("p", "");
  line.append(element("strong", status), " ", element("span", response.description, "en"));
  const headers = Object.keys(response.headers ?? {}).filter((name) => name !== "X-Request-Id");
  if (headers.length > 0) line.append(" ", element("code", headers.join(", ")));
  // What is wrong is told by its name; /problems says more.
  return Number(status) < 400 ? [line, ...bodies(description, response)] : [line];
}

/** @param {Description} description @param {Part} part */
function bodies(description, part) {
  return formsOf(description, part).flatMap(({ name, schema }) => {
    const members = membersOf(description, schema);
    const title = element("p", "");
    title.append(element("code", name));
    return members.length > 0 ? [title, list(members)] : [title];
  });
}

/** @param {Member[]} members @returns {HTMLElement} */
function list(members) {
  const all = document.createElement("ul");
  for (const { name, kind, isRequired, about, members: inner } of members) {
    const one = document.createElement("li");
    one.append(element("code", name), " ", element("span", kind));
    if (isRequired) one.append(" · ", titled("apiRequired", "span"));
    if (about !== "") one.append(element("p", about, "en"));
    if (inner.length > 0) one.append(list(inner));
    all.append(one);
  }
  return all;
}

/** @param {TextKey} key */
function titled(key, name = "h4") {
  const title = document.createElement(name);
  setText(title, key);
  return title;
}

/** @param {string} name @param {string} text @param {string} [language] */
function element(name, text, language) {
  const made = document.createElement(name);
  // Documents are Markdown, of which they use this alone.
  text.split("`").forEach((part, place) => made.append(place % 2 === 1 ? element("code", part) : part));
  if (language) made.lang = language;
  return made;
}
