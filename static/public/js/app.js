// The memo pad: which part of the page shows, and who hears of what.

import { setText, startLanguage } from "./i18n.js";
import "./memo-composer.js";
import "./memo-list.js";
import "./sign-in-form.js";
import { restore, session, signOut, user } from "./session.js";
import { complain, hush, keyOf, say } from "./status.js";

const opening = document.getElementById("opening");
const account = document.getElementById("account");
const who = document.getElementById("who");
const unreachable = document.getElementById("unreachable");
const unreachableWhy = document.getElementById("unreachable-why");
const signInForm = document.querySelector("sign-in-form");
const pad = document.getElementById("pad");
const composer = document.querySelector("memo-composer");
const list = document.querySelector("memo-list");

/** Shows one of the page's parts. */
function show(part) {
  for (const each of [opening, unreachable, signInForm, pad]) each.hidden = each !== part;
  account.hidden = part !== pad;
}

function showWhoIsSignedIn() {
  const person = user();
  list.clear();
  composer.clear();
  who.textContent = person?.username ?? "";
  show(person ? pad : signInForm);
  if (!person) return;
  composer.open();
  list.open();
}

async function start() {
  show(opening);
  try {
    await restore();
    if (!user()) show(signInForm);
  } catch (error) {
    setText(unreachableWhy, keyOf(error));
    show(unreachable);
  }
}

session.addEventListener("change", ({ detail }) => {
  hush();
  showWhoIsSignedIn();
  if (user()) return;
  if (detail.asked) say("signedOut");
  else complain("sessionEnded");
});

document.getElementById("sign-out").addEventListener("click", () => signOut().catch(complain));
document.getElementById("try-again").addEventListener("click", start);
composer.addEventListener("memo-created", ({ detail }) => list.add(detail));

window.addEventListener("offline", () => complain("offline"));
window.addEventListener("online", () => {
  say("online");
  if (!unreachable.hidden) start();
  else if (user()) list.refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && user()) list.refresh();
});

// The back button may show a page that slept through a sign-out.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && user()) restore().catch(complain);
});

startLanguage(document.getElementById("language"));
start();
