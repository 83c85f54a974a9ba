// node tests/simulation/run.js [--runs 10000] [--from 1] [--seed N] [--root file:///…/public/js/]

import { parseArgs } from "node:util";

import { codeFrom, live } from "./history.js";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    root: { type: "string", default: new URL("../../public/js/", import.meta.url).href },
  },
});
const code = await codeFrom(values.root);
const write = (text) => process.stdout.write(`${text}\n`);

if (values.seed !== undefined) {
  try {
    write(`seed ${values.seed}: ${await live(Number(values.seed), code, true)} turns, and all is well`);
  } catch (error) {
    write([...error.trace, `seed ${values.seed}: ${error.stack}`].join("\n"));
    process.exitCode = 1;
  }
} else {
  const [from, runs] = [Number(values.from), Number(values.runs)];
  let turns = 0;
  for (let seed = from; seed < from + runs; seed += 1) {
    try {
      turns += await live(seed, code);
    } catch (error) {
      write(`seed ${seed}: ${error.message}\nnode tests/simulation/run.js --seed ${seed}`);
      process.exit(1);
    }
  }
  write(`${runs} histories, ${turns} turns, and all is well`);
}
