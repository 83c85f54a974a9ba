// A service: its groups of operations.

import { setText } from "../../lib/i18n.js";
import { createOperation } from "./operation.js";

/** @typedef {import("./description.js").Description} Description */

/** The methods, in the order in which they are shown. */
const METHODS = ["get", "post", "put", "patch", "delete"];

/** @param {string} address where the document is @param {Description} description */
export function createService(address, description) {
  const service = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = description.info.title;
  heading.lang = "en";
  const about = document.createElement("p");
  about.textContent = description.info.summary ?? "";
  about.lang = "en";
  const link = document.createElement("a");
  link.href = address;
  setText(link, "apiDocument");
  const place = document.createElement("p");
  place.append(link);
  service.append(heading, about, place);
  for (const tag of description.tags) service.append(...createGroup(description, tag));
  return service;
}

/** @param {Description} description @param {{name: string, description?: string}} tag */
function createGroup(description, tag) {
  const heading = document.createElement("h3");
  heading.textContent = tag.name;
  heading.lang = "en";
  const about = document.createElement("p");
  about.className = "about";
  about.textContent = tag.description ?? "";
  about.lang = "en";
  const operations = Object.entries(description.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]?.tags.includes(tag.name)).map((method) =>
      createOperation(description, method, path),
    ),
  );
  return operations.length > 0 ? [heading, about, ...operations] : [];
}
