// One history from its beginning to its end: two devices and a program write, things go wrong, then all comes to rest.

import { Device } from "./device.js";
import { Judge } from "./judge.js";
import { decide, mischief, person, program } from "./people.js";
import { Server } from "./server.js";
import { World } from "./world.js";

/** The code that is tested, from a folder like `public/js/`. */
export async function codeFrom(root) {
  const names = ["engine", "place", "record", "plan", "merge", "adopt"];
  const modules = await Promise.all(names.map((name) => import(new URL(`data/sync/${name}.js`, root).href)));
  return Object.assign({}, ...modules);
}

/** Lives through many histories. Returns the first seed that goes wrong, with its error, or null. */
export async function firstWrong(code, from, histories) {
  for (let seed = from; seed < from + histories; seed += 1) {
    try {
      await live(seed, code);
    } catch (error) {
      return { seed, error };
    }
  }
  return null;
}

/** Lives through the history of a seed; throws what was wrong, with `trace` where it was asked for. */
export async function live(seed, code, isTraced = false) {
  const world = new World(seed, isTraced);
  try {
    await history(world, code);
    return world.turns;
  } catch (error) {
    error.trace = world.trace;
    throw error;
  }
}

async function history(world, code) {
  Object.assign(world, { loss: world.pick([0, 0.05, 0.2]), trouble: world.pick([0, 0, 0.1]), isEnding: false });
  const server = new Server(world);
  const judge = new Judge(server, code.statusOf);
  const devices = ["A", "B"].map((name) => new Device(name, world, server, judge, code));
  let busy = 0;
  const start = (work) => {
    busy += 1;
    world.start(async () => {
      await work();
      busy -= 1;
    });
  };
  for (const device of devices) {
    device.begin();
    world.start(() => atDevice(device, 3 + world.below(8)));
  }
  start(() => program(world, server, judge, world.below(10)));
  world.start(() => mischief(world, server, devices));
  const length = 150 + world.below(500);
  await world.run(() => world.turns >= length && busy === 0);
  await end(world, server, devices);
  judge.checkWords(devices);
  for (let rounds = 0; (await settle(world, devices)) && rounds < 50; rounds += 1) await world.run(world.isQuiet);
  judge.checkWords(devices);
  judge.checkSame(devices);
}

/** People come back after a crash. */
async function atDevice(device, deeds) {
  for (let visits = 0; visits < 6 && !device.world.isEnding; visits += 1) {
    const { life } = device;
    for (let tab = device.world.chance(0.2) ? 2 : 1; tab > 0; tab -= 1) device.world.start(() => person(device, life, deeds));
    while (device.life === life) await device.world.turn();
  }
}

/** Everything works from now on, and all comes to rest. */
async function end(world, server, devices) {
  world.tell("the end begins");
  Object.assign(world, { isEnding: true, loss: 0, trouble: 0 });
  server.quota = Infinity;
  world.now += 60 * 60 * 1000;
  for (const device of devices) {
    Object.assign(device, { isOnline: true, skew: 0 });
    device.isGuest = false;
    device.crash();
  }
  world.changedAt = world.turns;
  world.isQuiet = () =>
    devices.every(({ rested }) => rested.size > 0 && [...rested.values()].every((turn) => turn > world.changedAt + 40));
  await world.run(world.isQuiet);
}

/** People decide what is left to decide. Tells whether there was something. */
async function settle(world, devices) {
  let isOpen = false;
  for (const device of devices) {
    for (const record of device.own.all()) {
      if (!record.conflict) continue;
      isOpen = true;
      world.start(() => decide(device, device.own.opened(device.life), record.key));
    }
  }
  if (isOpen) await world.run(((until) => () => world.turns > until)(world.turns + 30));
  return isOpen;
}
