// Who writes: people at devices, a program that uses the API, and somebody who makes things go wrong.


const DAY_MS = 24 * 60 * 60 * 1000;

/** The text with a change in it. */
function rewritten(text, world) {
  const lines = text.split("\n");
  const at = world.below(lines.length);
  const words = lines[at].split(" ");
  const change = world.below(10);
  if (change < 3) lines.splice(world.below(lines.length + 1), 0, world.name("w"));
  else if (change < 6) words.splice(world.below(words.length + 1), 0, world.name("w"));
  else if (change < 7) words[world.below(words.length)] = world.name("w");
  else if (change < 8 && lines.length > 1) lines.splice(at, 1);
  else if (change < 9 && words.length > 1) words.splice(world.below(words.length), 1);
  else lines.push(world.name("w"));
  if (change >= 3 && change < 7 || change === 8 && words.length >= 1) lines[at] = words.join(" ");
  const next = lines.join("\n");
  return next.trim() === "" ? world.name("w") : next;
}

const newText = (world) => Array.from({ length: 1 + world.below(4) }, () => `${world.name("w")} ${world.name("w")}`).join("\n");

/** Somebody at a device, in one of its tabs. */
export async function person(device, life, deeds) {
  const { world } = device;
  for (let left = deeds; left > 0; left -= 1) {
    for (let pause = world.below(12); pause > 0; pause -= 1) await device.turn(life);
    const storage = device.storage.opened(life);
    const records = [...storage.all()].filter((record) => !record.gone);
    if (records.length === 0 || world.chance(0.25)) await write(device, storage);
    else await act(device, storage, world.pick(records), life);
  }
}

async function write(device, storage) {
  const { world, judge, code } = device;
  const text = newText(world);
  await storage.update([], () => {
    const record = code.created({ text, pinned: world.chance(0.2) }, { now: device.now(), newKey: device.newKey });
    judge.wrote("", text);
    return { put: [record] };
  });
}

async function act(device, storage, record, life) {
  const { world } = device;
  if (record.conflict && world.chance(0.3)) return decide(device, storage, record.key);
  const deed = world.below(12);
  if (record.trashed_at && deed < 5) return alter(device, storage, record.key, { trashed: false });
  if (record.trashed_at && deed < 8) return alter(device, storage, record.key, { gone: true });
  if (record.trashed_at) return undefined;
  if (deed < 7) return edit(device, storage, record, life);
  if (deed < 8) return alter(device, storage, record.key, { pinned: !record.pinned });
  if (deed < 9) return alter(device, storage, record.key, { archived: !record.archived });
  return alter(device, storage, record.key, { trashed: true });
}

/** Writes for a while, on what was shown when that began. */
async function edit(device, storage, record, life) {
  const { world, judge } = device;
  let shown = record.text;
  for (let saves = 1 + world.below(3); saves > 0; saves -= 1) {
    const text = rewritten(shown, world);
    for (let pause = world.below(6); pause > 0; pause -= 1) await device.turn(life);
    let isThere = true;
    await changeIn(device, storage, record.key, { text, shown }, (found, next) => {
      isThere = found !== undefined && !found.gone;
      if (!isThere) return;
      judge.wrote(shown, text);
      for (const copy of next.slice(1)) judge.doubled(copy.text);
    });
    if (!isThere) return;
    // The field has what was written; it takes up merges between two words only.
    const now = [...storage.all()].find(({ key }) => key === record.key);
    if (!now || now.conflict) return;
    shown = now.text;
  }
}

const alter = (device, storage, key, deed) =>
  changeIn(device, storage, key, deed, (record) => deed.gone && record && !record.conflict && device.judge.removed(record.text));

/** @param onDone is told the memo as it was, and what becomes of it, when that is kept */
function changeIn(device, storage, key, deed, onDone) {
  return storage.update([key], (records) => {
    const record = records.get(key);
    if (!record || record.gone) {
      onDone(undefined, []);
      return {};
    }
    const next = device.code.changed(record, deed, { now: device.now(), newKey: device.newKey });
    onDone(record, next);
    device.world.tell(device.name, "does", deed, "to", key);
    return next.some((one) => one.key === key) ? { put: next } : { put: next, remove: [key] };
  });
}

/** Decides about two texts. */
export async function decide(device, storage, key) {
  const { world, judge, code } = device;
  await storage.update([key], (records) => {
    const record = records.get(key);
    if (!record?.conflict) return {};
    const { kind, ancestor, theirs } = record.conflict;
    let choice = world.pick(["keep", "drop"]);
    if (kind === "text") {
      const side = world.pick(["mine", "theirs", "both"]);
      const parts = code.choicesOf(ancestor, record.text, theirs);
      const text = code.textOf(parts, (part) => (side === "both" ? part.theirs + part.mine : part[side])) || world.name("w");
      judge.wrote(`${record.text} ${theirs}`, text);
      judge.doubled(side === "both" ? text : "");
      choice = { text: text.trim() === "" ? world.name("w") : text };
    } else if (choice === "drop") judge.removed(record.text);
    else if (kind === "gone") judge.doubled(record.text);
    const next = code.resolved(record, choice, { now: device.now(), newKey: device.newKey });
    world.tell(device.name, "decides", choice, "about", key);
    return next.some((one) => one.key === key) ? { put: next } : { put: next, remove: [key] };
  });
}

/** A program that uses the API, with a good line. */
export async function program(world, server, judge, deeds) {
  for (let left = deeds; left > 0; left -= 1) {
    for (let pause = world.below(20); pause > 0; pause -= 1) await world.turn();
    const memos = [...server.memos.values()];
    const memo = memos.length > 0 && world.chance(0.8) ? world.pick(memos) : null;
    const deed = world.below(10);
    if (!memo) {
      const text = newText(world);
      if (server.handle({ method: "POST", body: { text } }).status === 201) judge.wrote("", text);
      continue;
    }
    const { id, version: if_match } = memo;
    world.tell("the program does", deed, "to", id);
    if (deed < 6 && !memo.trashed_at) {
      const text = rewritten(memo.text, world);
      if (server.handle({ method: "PATCH", id, if_match, body: { text } }).status === 200) judge.wrote(memo.text, text);
    } else if (deed < 7) server.handle({ method: "PATCH", id, if_match, body: { pinned: !memo.pinned, trashed_at: null } });
    else {
      if (memo.trashed_at) judge.removed(memo.text);
      server.handle({ method: "DELETE", id, if_match });
    }
  }
}

/** Days pass, in which no page is open. */
function pass(world, devices) {
  world.now += world.pick([DAY_MS, 8 * DAY_MS]);
  for (const device of devices) device.crash();
}

/** Makes things go wrong. */
export async function mischief(world, server, devices) {
  while (!world.isEnding) {
    for (let pause = world.below(30); pause > 0; pause -= 1) await world.turn();
    if (world.isEnding) return;
    const device = world.pick(devices);
    const deed = world.below(14);
    if (deed < 5) device.isOnline = world.chance(0.5);
    else if (deed < 7) device.crash();
    else if (deed < 8) device.hasToken = false;
    else if (deed < 9) device.skew = world.pick([0, -2 * DAY_MS, 3 * DAY_MS, 1000]);
    else if (deed < 10 && world.chance(0.3)) server.forgetCursors();
    else if (deed < 11) server.quota = world.pick([Infinity, Infinity, 0, 3]);
    else if (deed < 12 && world.chance(0.2)) pass(world, devices);
    else if (deed < 13) device.signIn();
    else world.trouble = world.pick([0, 0, 0.3]);
  }
}

