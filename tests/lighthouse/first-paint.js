// Measures how soon the pad of somebody who has many memos is there again, and how long a key press takes meanwhile:
// `make first-paint`, or with how many memos and how many reloads: `node tests/lighthouse/first-paint.js 10000 15`.
// Times are in milliseconds from the beginning of the navigation.

import puppeteer from "puppeteer-core";

import { BROWSER, post, startHost } from "./app.js";

const [COUNT = 10_000, RELOADS = 15] = process.argv.slice(2).map(Number);
const PERSON = { username: "first-paint", password: "correct horse battery staple" };
const BATCH = 100;
/** A tag that all memos have. When the rail counts them all, all have been read. */
const ALL = "all";
const READ_MS = 10 * 60_000;
/** Somebody who types fast. */
const KEY_MS = 60;

/** A text like those that people write; every tenth is long.
 * @param {number} number */
function textOf(number) {
  const tags = `#${ALL} #group/${number % 40}`;
  const short = `# 메모 ${number}\n\n우유와 빵을 사고, [a link](https://example.org/${number}) to look at.\n\n- [ ] first\n- [x] second`;
  return number % 10 === 0 ? `${short}\n\n${"A longer **memo** that goes on for a while. ".repeat(40)}\n\n${tags}` : `${short}\n\n${tags}`;
}

/** @param {string} app */
async function fill(app) {
  await post(`${app}/api/auth/users`, PERSON);
  const { access_token } = await post(`${app}/api/auth/session`, PERSON);
  for (let begin = 0; begin < COUNT; begin += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, COUNT - begin) }, (_, index) => begin + index);
    const operations = numbers.map((number) => ({ method: "POST", body: { text: textOf(number) } }));
    const { results } = await post(`${app}/api/memos/batch`, { operations }, { authorization: `Bearer ${access_token}` });
    for (const { status } of results) if (status !== 201) throw new Error(`a memo was answered ${status}`);
  }
}

/** Watches a page from its first line on; it runs in the page. @param {string} tag @param {number} count */
function watch(tag, count) {
  /** @type {Record<string, number>} */
  const seen = {};
  /** @type {number[]} */
  const keys = [];
  Object.assign(window, { seen, keys });
  /** @type {[string, () => unknown][]} */
  const wanted = [
    ["pad", () => document.activeElement?.id === "new-memo"],
    ["cards", () => document.querySelector("memo-card .memo-text")?.firstChild],
    ["all", () => document.querySelector(`.rail [data-tag="${tag}"] .tag-count`)?.textContent === String(count)],
  ];
  const look = () => {
    for (const [name, isThere] of wanted) {
      if (name in seen || !isThere()) continue;
      seen[name] = NaN;
      // After the next frame it is to be seen.
      requestAnimationFrame(() => setTimeout(() => (seen[name] = performance.now())));
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  document.addEventListener("focusin", look);
  const hear = (/** @type {PerformanceObserverEntryList} */ list) => {
    for (const { name, duration } of list.getEntries()) if (name === "keydown") keys.push(duration);
  };
  // Those that take less than 16 ms are not told.
  new PerformanceObserver(hear).observe(/** @type {any} */ ({ type: "event", durationThreshold: 16, buffered: true }));
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length / 2)]);
}

/** @param {import("puppeteer-core").Page} page */
const isAllSeen = (page) => page.waitForFunction("window.seen?.all > 0", { timeout: READ_MS });

/** @param {import("puppeteer-core").Browser} browser @param {string} app */
async function signIn(browser, app) {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(watch, ALL, COUNT);
  await page.goto(`${app}/sign-in`);
  await page.locator("#username").fill(PERSON.username);
  await page.locator("#password").fill(PERSON.password);
  await page.locator("#sign-in").click();
  await isAllSeen(page);
  await page.evaluate("navigator.serviceWorker.ready");
  await page.reload(); // What is to be seen first is known from now on, and the files come from the device.
  await isAllSeen(page);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  return page;
}

/** Reloads once, and writes until all is there. @param {import("puppeteer-core").Page} page */
async function reload(page) {
  await page.reload({ waitUntil: "domcontentloaded" });
  const typing = setInterval(() => page.keyboard.press("a").catch(() => {}), KEY_MS);
  await isAllSeen(page);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  clearInterval(typing);
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
  const result = await page.evaluate(`({ ...seen, first: ${paint}, key: Math.max(0, ...keys) })`);
  return /** @type {Record<"first" | "pad" | "cards" | "all" | "key", number>} */ (result);
}

const { host, app } = await startHost();
// A desktop with a mouse, where the pad takes the caret.
const MOUSE = "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4";
const browser = await puppeteer.launch({
  ...BROWSER,
  args: [...BROWSER.args, MOUSE],
  defaultViewport: { width: 1280, height: 800 },
});
try {
  await fill(app);
  const page = await signIn(browser, app);
  const results = [];
  for (let count = 0; count < RELOADS; count += 1) results.push(await reload(page));
  const of = (/** @type {keyof typeof results[number]} */ name) => {
    const values = results.map((result) => result[name]);
    return `${median(values)} (${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))})`;
  };
  console.log(`${COUNT} memos, ${RELOADS} reloads; the median and the range, in milliseconds`);
  console.log(`something is painted          ${of("first")}`);
  console.log(`the pad has the caret         ${of("pad")}`);
  console.log(`the first memos are painted   ${of("cards")}`);
  console.log(`all memos are counted         ${of("all")}`);
  console.log(`the slowest key press         ${of("key")}`);
} finally {
  await browser.close();
  host.kill();
}
