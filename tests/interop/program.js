// What programs on a person's device do beside their OAuth library: they say what they are at, and wait for the browser to come
// back to an address of their own.

import { createServer } from "node:http";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under its old name only.

/** What the script was told. */
export const task = JSON.parse(process.argv[2]);

/** Says a line of JSON. @param {object} what */
export const say = (what) => console.log(JSON.stringify(what));

/** Listens on a free port of this device. */
export async function listen() {
  const server = createServer();
  const come = new Promise((resolve) => {
    server.on("request", (request, response) => {
      const url = new URL(request.url, redirectUri);
      response.writeHead(url.pathname === "/callback" ? 200 : 404, { "content-type": "text/html", connection: "close" });
      response.end("<!doctype html><title>Back</title><link rel=icon href=data:,><p id=back>You can close this page.");
      if (url.pathname === "/callback") resolve(url);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const redirectUri = `http://127.0.0.1:${server.address().port}/callback`;
  return { redirectUri, come: come.finally(() => server.close()) };
}
