// Which language the page speaks, and putting its words into the page.

import en from "./en.js";
import ko from "./ko.js";
import { local } from "./storage.js";

const catalogs = { en, ko };
const REMEMBERED = "language";

let language = choose();

function choose() {
  const wanted = [local.get(REMEMBERED), ...navigator.languages].filter(Boolean);
  return wanted.map((tag) => tag.split("-")[0]).find((tag) => Object.hasOwn(catalogs, tag)) ?? "en";
}

/** Whether there are words for `key`. */
export const has = (key) => Object.hasOwn(catalogs[language], key);

const words = (key) => catalogs[language][key] ?? key;

/** Gives an element words that change with the language; none empties it. */
export function setText(element, key) {
  element.dataset.text = key ?? "";
  element.textContent = key ? words(key) : "";
}

/** Puts the language's words into `root`: texts, labels, placeholders and times. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) setText(element, element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.ariaLabel = words(element.dataset.label);
  }
  for (const element of root.querySelectorAll("[data-placeholder]")) {
    element.placeholder = words(element.dataset.placeholder);
  }
  for (const element of root.querySelectorAll("time")) setTime(element, element.dateTime);
}

/** Gives a `<time>` its moment, told as the language tells it: today by the hour, this year without the year. */
export function setTime(element, iso) {
  element.dateTime = iso;
  const moment = new Date(iso);
  if (Number.isNaN(moment.valueOf())) return;
  const now = new Date();
  const time = { hour: "numeric", minute: "2-digit" };
  const day = { month: "short", day: "numeric" };
  let parts = { ...day, year: "numeric" };
  if (moment.getFullYear() === now.getFullYear()) parts = { ...day, ...time };
  if (moment.toDateString() === now.toDateString()) parts = time;
  element.textContent = new Intl.DateTimeFormat(language, parts).format(moment);
  element.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" }).format(moment);
}

/** Speaks the language from now on. */
function speak() {
  document.documentElement.lang = language;
  translate(document);
}

/** Makes `select` the language's switch and translates the page. */
export function startLanguage(select) {
  select.value = language;
  select.addEventListener("change", () => {
    language = select.value;
    local.set(REMEMBERED, language);
    speak();
  });
  speak();
}
