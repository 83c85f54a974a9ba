// What a person does and sees on the page of a device: the body of an async function, whose `args` are the name of a deed
// and what it needs. A deed looks and acts at once, so nothing comes between what somebody saw and what they did. Where what
// it is about is not there any more, it returns null.

const PATIENCE_MS = 20_000;

/** Waits until `look` gives something. */
const until = async (what, look) => {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what}: never; the page says:\n${document.body.innerText}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** Goes to one of the lists, as by a click. */
const goTo = async (path) => {
  await until("the page is there", () => document.documentElement.dataset.ready === "");
  if (location.pathname !== path) document.querySelector(`.rail a[href="${path}"]`).click();
  return until(path, () => document.documentElement.dataset.place === path && document.querySelector("memo-list"));
};

const textOf = (card) => card.querySelector(".memo-text").textContent;

const shownOf = (card) => ({
  key: card.dataset.id,
  path: card.querySelector(".open").getAttribute("href"),
  state: card.dataset.state,
  status: card.querySelector(".where").dataset.status,
  text: textOf(card),
  pinned: !card.querySelector(".is-pinned").hidden,
  conflict: card.querySelector("memo-conflict .parts")?.textContent ?? null,
});

/** What an editor says of what is in it, where this device has kept that. */
const KEPT = ["stateSaved", "stateKept", "stateHere", "stateConflict", "stateFailed"];

const editOf = (key) => {
  const card = cardOf(key);
  const said = card?.querySelector("memo-editor .state .what")?.dataset.text;
  return {
    isKept: KEPT.includes(said),
    isThere: Boolean(card),
    isOpen: card?.querySelector(".where").dataset.status === "conflict",
  };
};

const cardOf = (key) => [...document.querySelectorAll("memo-card")].find((card) => card.dataset.id === key);

/** Writes as by pasting: at once. */
const write = (field, text) => {
  field.focus();
  field.value = text;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
};

const deeds = {
  /** All that this device shows. */
  async look() {
    const shown = [];
    for (const path of ["/archived", "/trash", "/"]) {
      await goTo(path);
      const isWhole = (card) => card.querySelector(".where").dataset.status !== "conflict" || card.querySelector("memo-conflict");
      const cards = () => [...document.querySelectorAll("memo-card")];
      await until("what is to be decided", () => cards().every(isWhole));
      shown.push(...cards().map(shownOf));
    }
    return shown;
  },

  async standing() {
    const state = document.querySelector("#sync-state");
    return { phase: state?.dataset.phase ?? "", unsaved: Number(state?.dataset.unsaved ?? 0) };
  },

  /** A new memo, which is shown at the end. */
  async create(text) {
    await goTo("/");
    await until("the memos are open", () => document.querySelector("#new-memo")?.checkVisibility());
    write(document.querySelector("#new-memo"), text);
    document.querySelector("#save-memo").click();
    return until("the new memo", () => [...document.querySelectorAll("memo-card")].some((card) => textOf(card) === text));
  },

  /** Opens the editor of a memo. */
  async open(key) {
    await goTo("/");
    cardOf(key)?.querySelector(".edit").click();
    return await until("the editor", () => !cardOf(key) || cardOf(key).querySelector("memo-editor textarea")) && cardOf(key) ? true : null;
  },

  /** Puts a word into what the editor holds, or in the place of one. Returns the text before and after. */
  async type(key, { word, at, kind }) {
    const field = cardOf(key)?.querySelector("memo-editor textarea");
    if (!field) return null;
    const before = field.value;
    const lines = before.split("\n");
    const line = Math.floor(at * lines.length);
    if (kind === "line") lines.splice(line, 0, word);
    else if (kind === "end") lines[line] += ` ${word}`;
    else lines[line] = lines[line].replace(/^\S*/, word);
    const after = lines.join("\n");
    write(field, after);
    return [before, after];
  },

  async edit(key) {
    return editOf(key);
  },

  /** Closes the editor, which means that what is in it is kept. */
  async close(key) {
    cardOf(key)?.querySelector("memo-editor .save")?.click();
    await until("the editor closes", () => !cardOf(key)?.querySelector("memo-editor"));
    return { ...editOf(key), isKept: true };
  },

  /** Picks from the menu of a memo. */
  async pick(path, key, entry) {
    await goTo(path);
    const button = cardOf(key)?.querySelector(".more-button");
    if (!button?.checkVisibility()) return null;
    // A card that gets another place closes its menu, and somebody opens it again.
    const open = () => button.ariaExpanded === "true" || button.click();
    open();
    const opening = setInterval(open, 500);
    const look = () => !button.isConnected || cardOf(key)?.querySelector(`.menu .${entry}`);
    const item = await until("the menu", look).finally(() => clearInterval(opening));
    if (item === true) return null;
    item.click();
    await until("it is done", () => !item.isConnected);
    return true;
  },

  async restore(key) {
    await goTo("/trash");
    const button = cardOf(key)?.querySelector(".restore");
    if (!button) return null;
    button.click();
    return until("it is out of the trash", () => !cardOf(key));
  },

  /** Decides about the first memo of that list for which that has to be done: for one text, for both, or whether it stays. */
  async decide(path, side) {
    await goTo(path);
    const conflict = document.querySelector("memo-conflict");
    if (!conflict) return null;
    const card = conflict.closest("memo-card");
    const texts = (name) => Array.from(conflict.querySelectorAll(`.${name} .text`), (it) => it.textContent).join(" ");
    const isText = conflict.querySelector(".drop").hidden;
    const decided = { isText, text: textOf(card), mine: texts("mine"), theirs: texts("theirs") };
    for (const button of conflict.querySelectorAll(`.${side} input`)) button.click();
    conflict.querySelector(!isText && side !== "mine" ? ".drop" : ".decide").click();
    // What is kept though it was put into the trash elsewhere may have two texts, which is the next question.
    const isOther = () => conflict.querySelector(".drop").hidden !== isText;
    await until("it is decided", () => !conflict.isConnected || !card.isConnected || isOther());
    return decided;
  },
};

const [name, ...given] = args;
return deeds[name](...given);
