// Measures the sign-in page and the pad of somebody who has signed in, on a phone and on a desktop, and says what keeps
// them from 100. The whole reports are in target/lighthouse/. The site comes as people get it: over HTTP/2 and TLS, which
// a proxy in front of the app speaks.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createSecureServer } from "node:http2";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

import { BROWSER, post, ROOT, startHost } from "./app.js";

const REPORTS = new URL("target/lighthouse/", ROOT);
const PERSON = { username: "lighthouse", password: "correct horse battery staple" };
const MEMOS = ["# 장보기\n\n- [ ] 우유\n- [x] 빵\n\n#집", "A **second** memo, with [a link](https://example.org/)", "셋째 ".repeat(200)];

/** Starts the proxy on a free port, for an app whose address is told later. */
async function startProxy() {
  const command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout - -out -";
  const pem = execFileSync("openssl", command.split(" "), { stdio: ["ignore", "pipe", "ignore"] });
  const proxy = { origin: "", app: "", server: createSecureServer({ key: pem, cert: pem }) };
  proxy.server.on("request", (request, response) => {
    const isOwn = (/** @type {[string, unknown]} */ [name]) => !name.startsWith(":");
    const headers = Object.fromEntries(Object.entries(request.headers).filter(isOwn));
    const options = { method: request.method, headers: { ...headers, host: request.authority } };
    const call = httpRequest(proxy.app + request.url, /** @type {any} */ (options), (answer) => {
      const { connection, "keep-alive": _, "transfer-encoding": __, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, kept);
      answer.pipe(response);
    });
    call.on("error", () => response.stream.close());
    request.pipe(call);
  });
  proxy.server.listen(0, "127.0.0.1");
  await once(proxy.server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (proxy.server.address());
  proxy.origin = `https://localhost:${port}`;
  return proxy;
}

/** Somebody who has memos. @param {string} app */
async function signUp(app) {
  await post(`${app}/api/auth/users`, PERSON);
  const { access_token } = await post(`${app}/api/auth/session`, PERSON);
  for (const text of MEMOS) {
    await post(`${app}/api/memos`, { text }, { authorization: `Bearer ${access_token}` });
  }
}

/** @param {import("puppeteer-core").Browser} browser @param {string} origin */
async function signIn(browser, origin) {
  const page = await browser.newPage();
  await page.goto(`${origin}/sign-in`);
  await page.locator("#username").fill(PERSON.username);
  await page.locator("#password").fill(PERSON.password);
  await page.locator("#sign-in").click();
  await page.waitForSelector("[data-testid=memo]");
  await page.close();
}

/**
 * Measures one page as on a first visit, and tells whether all of it is 100.
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} name
 * @param {string} address
 * @param {object} [config]
 */
async function measure(browser, name, address, config) {
  const page = await browser.newPage();
  const devtools = await page.createCDPSession();
  await devtools.send("Network.clearBrowserCache");
  await devtools.detach();
  // Otherwise Lighthouse would forget the session as well.
  const flags = { disableStorageReset: true, output: /** @type {const} */ ("html"), logLevel: /** @type {const} */ ("error") };
  const result = await lighthouse(address, flags, config, page);
  if (!result) throw new Error(`${address} was not measured`);
  const { categories, audits } = result.lhr;
  await writeFile(new URL(`${name}.html`, REPORTS), String(result.report));
  const scores = Object.values(categories).map(({ title, score }) => `${title} ${Math.round((score ?? 0) * 100)}`);
  console.log(`${name}: ${scores.join(", ")}`);
  for (const { title, auditRefs } of Object.values(categories)) {
    for (const { id, weight } of auditRefs) {
      const { score, displayValue = "" } = audits[id];
      if (weight > 0 && score !== null && score < 1) console.log(`  ${title}: ${id} ${score} ${displayValue}`);
    }
  }
  await page.close();
  return Object.values(categories).every(({ score }) => score === 1);
}

await mkdir(REPORTS, { recursive: true });
const proxy = await startProxy();
const { host, app } = await startHost(proxy.origin);
proxy.app = app;
// Each page in a browser that has just started, or the leavings of the page before it would be counted as its work.
const profile = await mkdtemp(join(tmpdir(), "lighthouse-"));
const open = () =>
  puppeteer.launch({ ...BROWSER, userDataDir: profile, args: [...BROWSER.args, "--ignore-certificate-errors"] });
/** @type {<T>(act: (browser: import("puppeteer-core").Browser) => Promise<T>) => Promise<T>} */
const inBrowser = async (act) => {
  const browser = await open();
  return act(browser).finally(() => browser.close());
};
try {
  await signUp(app);
  const { origin } = proxy;
  const results = [
    await inBrowser((browser) => measure(browser, "sign-in-phone", `${origin}/sign-in`)),
    await inBrowser((browser) => measure(browser, "sign-in-desktop", `${origin}/sign-in`, desktopConfig)),
  ];
  await inBrowser((browser) => signIn(browser, origin));
  results.push(
    await inBrowser((browser) => measure(browser, "pad-phone", `${origin}/`)),
    await inBrowser((browser) => measure(browser, "pad-desktop", `${origin}/`, desktopConfig)),
  );
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  await rm(profile, { recursive: true, force: true });
  host.kill();
  proxy.server.close();
}
