// What a device is called.

import assert from "node:assert/strict";
import { test } from "node:test";

import { deviceOf } from "../public/js/lib/user-agent.js";

const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0";

test("browsers and systems are told by the names that people know", () => {
  const cases = {
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`]: "Chrome, Windows",
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/143.0.0.0`]: "Edge, Windows",
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Whale/4.30.0.0 Safari/537.36`]: "Whale, Windows",
    [`Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/143.0.0.0 Safari/537.36`]: "Chrome, Linux",
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`]: "Chrome, ChromeOS",
    [`Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`]:
      "Samsung Internet, Android",
    [`Mozilla/5.0 (Linux; Android 14; K) ${CHROME} Mobile Safari/537.36 OPR/80.0`]: "Opera, Android",
    "Mozilla/5.0 (Linux; Android 14; SM-S921N; wv) AppleWebKit/537.36 Version/4.0 Chrome/125.0 Mobile Safari/537.36;KAKAOTALK 2410950": "KakaoTalk, Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":
      "Safari, iPhone",
    "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/125.0 Mobile/15E148 Safari/604.1": "Chrome, iPad",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15": "Safari, macOS",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox, macOS",
    "curl/8.5.0": "curl, null",
    "memo-backup": "memo-backup, null",
  };
  for (const [userAgent, expected] of Object.entries(cases)) {
    const { browser, system } = deviceOf(userAgent);
    assert.equal(`${browser}, ${system}`, expected, userAgent);
  }
});

test("what says nothing is nothing, and only a short name is taken for a program's", () => {
  for (const unknown of [null, "", "Mozilla/5.0", "   ", `${"x".repeat(100)}/1`, "<b>hello</b>", "장치/1"]) {
    assert.deepEqual(deviceOf(unknown), { browser: null, system: null }, String(unknown));
  }
});
