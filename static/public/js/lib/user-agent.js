// Which device a session is on, in the words that people know it by.

/** What browsers call themselves, the most telling first: most claim to be Chrome and Safari as well.
 * @type {[RegExp, string][]} */
const BROWSERS = [
  [/\bEdg(?:A|iOS)?\//, "Edge"],
  [/\b(?:OPR|OPiOS)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bWhale\//, "Whale"],
  [/\bKAKAOTALK\b/, "KakaoTalk"],
  [/\bNAVER\(/, "NAVER"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Headless)?Chrom(?:e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b|\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

/** A program's own name, at the beginning: `curl/8.5`. */
const PROGRAM = /^([\w.-]{1,30})(?:\/|$)/;

/**
 * The browser or program, and the system, each where it can be told.
 * @param {string | null} userAgent
 * @returns {{browser: string | null, system: string | null}}
 */
export function deviceOf(userAgent) {
  const text = userAgent ?? "";
  const first = (/** @type {[RegExp, string][]} */ table) => table.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  const program = PROGRAM.exec(text)?.[1] ?? null;
  return { browser: first(BROWSERS) ?? (program === "Mozilla" ? null : program), system: first(SYSTEMS) };
}
