// The app and the browser that are measured.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The folder of the repository. */
export const ROOT = new URL("../../", import.meta.url);

export const BROWSER = {
  executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
  // Containers and root have no user namespaces for the sandbox; the pages are our own.
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
};

/** Starts the host on a free port, with nothing in its store, and tells its address.
 * @param {string} [publicOrigin] where it is reached by others */
export async function startHost(publicOrigin = "") {
  const origin = publicOrigin === "" ? [] : ["--variable", `public_origin=${publicOrigin}`];
  const args = ["--listen", "127.0.0.1:0", "--in-memory", ...origin];
  const host = spawn("target/debug/memo-host", args, { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface(host.stdout)) {
    const address = /http:\/\/[\d.:]+/.exec(line);
    if (address) return { host, app: address[0] };
  }
  throw new Error("the host printed no address");
}

/** Posts something and returns what is answered.
 * @param {string} address @param {unknown} json @param {Record<string, string>} [headers] */
export async function post(address, json, headers = {}) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(json),
  });
  if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
  return response.json();
}
