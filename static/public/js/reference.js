// The page that shows the API: the OpenAPI documents of both services, for people.

import { needAllWords, setText } from "./lib/i18n.js";
import { findElement } from "./lib/dom.js";
import { startHeader } from "./screens/header/header.js";
import { createService } from "./screens/reference/service.js";

/** As in lib/services.js, which the app has in a script of its own. */
const ORIGIN = "";

/** Where the services describe themselves. */
const DOCUMENTS = ["/api/memos/openapi.json", "/api/auth/openapi.json"].map((path) => ORIGIN + path);

/** @param {string} address */
async function load(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return createService(address, await response.json());
}

async function start() {
  const reference = findElement(document, ".reference");
  try {
    await startHeader((error) => console.error(error));
    await needAllWords();
    reference.replaceChildren(...(await Promise.all(DOCUMENTS.map(load))));
    // What an address names was not there when the browser looked for it.
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named instanceof HTMLDetailsElement) named.open = true;
    named?.scrollIntoView();
  } catch (error) {
    console.error(error);
    const sorry = document.createElement("p");
    sorry.role = "alert";
    setText(sorry, "apiUnreachable");
    reference.replaceChildren(sorry);
  }
  reference.ariaBusy = "false";
}

start();
