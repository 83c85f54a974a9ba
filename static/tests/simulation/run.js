// node tests/simulation/run.js [--runs 10000] [--from 1]    many histories
// node tests/simulation/run.js --seed N                     one of them again, with all that happens
// node tests/simulation/run.js --mutants                    whether all that can be wrong is found

import { parseArgs } from "node:util";

import { codeFrom, firstWrong, live } from "./history.js";
import { MUTANTS, mutated } from "./mutants.js";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
  },
});
const [from, runs] = [Number(values.from), Number(values.runs)];
const code = await codeFrom(new URL("../../public/js/", import.meta.url).href);
const write = (text) => process.stdout.write(`${text}\n`);

async function again(seed) {
  try {
    write(`seed ${seed}: ${await live(seed, code, true)} turns, and all is well`);
  } catch (error) {
    write([...error.trace, `seed ${seed}: ${error.stack}`].join("\n"));
    process.exitCode = 1;
  }
}

async function many() {
  const wrong = await firstWrong(code, from, runs);
  if (!wrong) {
    write(`${runs} histories from seed ${from} on, and all is well`);
    return;
  }
  write(`seed ${wrong.seed}: ${wrong.error.message}\nnode tests/simulation/run.js --seed ${wrong.seed}`);
  process.exitCode = 1;
}

async function mutants() {
  for (const mutant of MUTANTS) {
    const { root, clear } = await mutated(mutant);
    const wrong = await firstWrong(await codeFrom(root), from, runs);
    await clear();
    write(`${wrong ? `seed ${wrong.seed}` : "NOT FOUND"}: ${mutant[0]}`);
    if (!wrong) process.exitCode = 1;
  }
}

if (values.seed !== undefined) await again(Number(values.seed));
else if (values.mutants) await mutants();
else await many();
