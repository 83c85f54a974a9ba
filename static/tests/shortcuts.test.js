// The keys of a text, with and without an input method.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { formatKeyOf, onShortcuts } from "../public/js/lib/shortcuts.js";

let textarea, saved, cancelled;

beforeEach(() => {
  textarea = Object.assign(new EventTarget(), { value: "" });
  saved = [];
  cancelled = 0;
  onShortcuts(textarea, { save: () => saved.push(textarea.value), cancel: () => (cancelled += 1) });
});

function fire(type, properties = {}) {
  const event = Object.assign(new Event(type, { cancelable: true }), properties);
  textarea.dispatchEvent(event);
  return event;
}

const press = (key, properties = {}) => fire("keydown", { key, code: key, keyCode: 13, ...properties });
const SAVE = { ctrlKey: true };
const aMoment = () => new Promise((resume) => setTimeout(resume, 10));

test("Ctrl or Cmd with Enter saves, Escape cancels", () => {
  textarea.value = "x";
  assert(press("Enter", { ctrlKey: true }).defaultPrevented);
  assert(press("Enter", { metaKey: true }).defaultPrevented);
  assert.deepEqual(saved, ["x", "x"]);
  assert(press("Escape").defaultPrevented);
  assert.equal(cancelled, 1);
});

test("other keys are the text's", () => {
  for (const key of ["Enter", "a", "Tab"]) assert(!press(key).defaultPrevented);
  assert(!press("s", { ctrlKey: true }).defaultPrevented);
  assert.deepEqual([saved, cancelled], [[], 0]);
});

test("a key that is held saves once", () => {
  press("Enter", SAVE);
  press("Enter", { ...SAVE, repeat: true });
  assert.equal(saved.length, 1);
});

test("while a syllable is composed, the wish to save waits for the whole text", async () => {
  textarea.value = "테";
  fire("compositionstart");
  press("Process", { ...SAVE, code: "Enter", keyCode: 229, isComposing: true });
  press("Enter", { ...SAVE, isComposing: true });
  await aMoment();
  assert.deepEqual(saved, []);
  fire("compositionend");
  textarea.value = "테스트"; // Some browsers write it after that event.
  await aMoment();
  assert.deepEqual(saved, ["테스트"], "once, and all of it");
});

test("a clean key that comes before the composition ends waits as well", async () => {
  fire("compositionstart");
  press("Enter", { ...SAVE, isComposing: false });
  await aMoment();
  assert.deepEqual(saved, []);
  textarea.value = "끝";
  fire("compositionend");
  await aMoment();
  assert.deepEqual(saved, ["끝"]);
});

test("Safari's key after the composition, marked 229, saves the whole text", async () => {
  fire("compositionstart");
  fire("compositionend");
  press("Enter", { ...SAVE, keyCode: 229, isComposing: false });
  textarea.value = "끝";
  await aMoment();
  assert.deepEqual(saved, ["끝"]);
});

test("Escape of an input method cancels its composition and nothing else", () => {
  press("Escape", { keyCode: 229 });
  press("Escape", { isComposing: true });
  fire("compositionstart");
  press("Escape");
  assert.equal(cancelled, 0);
  fire("compositionend");
  press("Escape");
  assert.equal(cancelled, 1);
});

test("who goes on writing does not want to save any more", async () => {
  fire("compositionstart");
  press("Enter", { ...SAVE, isComposing: true });
  press("Control", { isComposing: true });
  press("r", { isComposing: true, keyCode: 229 });
  fire("compositionend");
  await aMoment();
  assert.deepEqual(saved, []);
});

test("a composition without the wish saves nothing", async () => {
  fire("compositionstart");
  fire("compositionend");
  await aMoment();
  assert.deepEqual(saved, []);
});

test("a key that somebody else has taken does nothing", () => {
  textarea = Object.assign(new EventTarget(), { value: "" });
  textarea.addEventListener("keydown", (event) => event.preventDefault());
  onShortcuts(textarea, { save: () => saved.push(""), cancel: () => (cancelled += 1) });
  press("Escape");
  press("Enter", SAVE);
  assert.deepEqual([saved, cancelled], [[], 0]);
});

test("letters with Ctrl or Cmd are the same on every keyboard, and an input method's are its own", () => {
  const key = (properties) => formatKeyOf({ code: "", keyCode: 66, ...properties });
  assert.equal(key({ key: "b", code: "KeyB", ctrlKey: true }), "b");
  assert.equal(key({ key: "B", code: "KeyN", metaKey: true }), "b", "what is printed on the key");
  assert.equal(key({ key: "\u3160", code: "KeyB", ctrlKey: true }), "b", "Korean letters");
  assert.equal(key({ key: "*", code: "Digit8", ctrlKey: true, shiftKey: true }), "shift+8");
  for (const other of [
    { key: "b", code: "KeyB" },
    { key: "b", code: "KeyB", ctrlKey: true, altKey: true },
    { key: "b", code: "KeyB", ctrlKey: true, shiftKey: true },
    { key: "b", code: "KeyB", ctrlKey: true, isComposing: true },
    { key: "Process", code: "KeyB", ctrlKey: true, keyCode: 229 },
    { key: "8", code: "Digit8", ctrlKey: true },
  ]) {
    assert.equal(key(other), null, JSON.stringify(other));
  }
});
