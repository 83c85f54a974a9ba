// When something was: how long ago to look at, and exactly for who points at it or listens.

import { perLanguage } from "./per-language.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relativeIn = perLanguage((language) => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
const dayIn = perLanguage((language) => new Intl.DateTimeFormat(language, { month: "short", day: "numeric" }));
const dayOfYearIn = perLanguage((language) => new Intl.DateTimeFormat(language, { month: "short", day: "numeric", year: "numeric" }));
const exactIn = perLanguage((language) => new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }));

/**
 * A moment in few words: how long ago where that is short, else the day, also of one to come.
 * @param {Date} moment
 * @param {string} language
 * @param {Date} [now]
 */
export function shortTime(moment, language, now = new Date()) {
  const ago = now.valueOf() - moment.valueOf();
  const relative = relativeIn(language);
  if (ago < -HOUR) return day(moment, language, now); // Clocks that differ by minutes mean now.
  if (ago < MINUTE) return relative.format(0, "second");
  if (ago < HOUR) return relative.format(-Math.floor(ago / MINUTE), "minute");
  if (ago < DAY) return relative.format(-Math.floor(ago / HOUR), "hour");
  if (ago < 7 * DAY) return relative.format(-Math.floor(ago / DAY), "day");
  return day(moment, language, now);
}

/** @param {Date} moment @param {string} language @param {Date} now */
function day(moment, language, now) {
  const isThisYear = moment.getFullYear() === now.getFullYear();
  return (isThisYear ? dayIn : dayOfYearIn)(language).format(moment);
}

/**
 * Gives a `<time>` its moment.
 * @param {HTMLTimeElement} element
 * @param {string} iso
 * @param {string} language
 */
export function showTime(element, iso, language) {
  element.dateTime = iso;
  const moment = new Date(iso);
  if (Number.isNaN(moment.valueOf())) return;
  const exact = exactIn(language).format(moment);
  element.title = exact;
  element.replaceChildren(span(shortTime(moment, language), true), span(exact, false));
}

/** Tells all times anew, as they have gone on.
 * @param {ParentNode} root @param {string} language */
export function showTimes(root, language) {
  for (const time of root.querySelectorAll("time")) showTime(time, time.dateTime, language);
}

/** @param {string} text @param {boolean} isSeen */
function span(text, isSeen) {
  const element = document.createElement("span");
  element.textContent = text;
  if (isSeen) element.ariaHidden = "true";
  else element.className = "visually-hidden";
  return element;
}
