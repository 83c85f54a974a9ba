// The simulation of devices and the server, as long as a test may take. More of it: node tests/simulation/run.js

import assert from "node:assert/strict";
import { test } from "node:test";

import { codeFrom, firstWrong } from "./simulation/history.js";
import { MUTANTS, mutated } from "./simulation/mutants.js";

const HISTORIES = 200;
/** Within so many histories every mutant must be found that is not rare. */
const ENOUGH = 150;

test("devices and the server come to have the same, and nothing is lost or there twice", async () => {
  const wrong = await firstWrong(await codeFrom(new URL("../public/js/", import.meta.url).href), 1, HISTORIES);
  assert.equal(wrong, null, wrong && `${wrong.error.stack}\nnode tests/simulation/run.js --seed ${wrong.seed}`);
});

for (const mutant of MUTANTS) {
  const [name, , , , rare] = mutant;
  test(`it is found out when ${name}`, { skip: rare && "node tests/simulation/run.js --mutants" }, async (context) => {
    const { root, clear } = await mutated(mutant);
    const wrong = await firstWrong(await codeFrom(root), 1, ENOUGH);
    await clear();
    assert.notEqual(wrong, null, `no history of ${ENOUGH} shows it`);
    context.diagnostic(`seed ${wrong.seed}: ${wrong.error.message.split("\n")[0].slice(0, 100)}`);
  });
}
