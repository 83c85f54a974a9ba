// The protocol's inspector on the command line, as people try a server with it. It is the last version that can be installed by
// itself.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { say, task } from "./program.js";

const cli = fileURLToPath(new URL("node_modules/@modelcontextprotocol/inspector-cli/build/cli.js", import.meta.url));

/** @param {...string} args */
async function inspect(...args) {
  const header = ["--header", `Authorization: Bearer ${task.token}`];
  const all = [cli, "--cli", task.mcp, "--transport", "http", ...header, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return JSON.parse(stdout);
}

say(await inspect("--method", "tools/list"));
say(await inspect("--method", "tools/call", "--tool-name", "create_memo", "--tool-arg", `text=${task.word}`));
say(await inspect("--method", "tools/call", "--tool-name", "search_memos", "--tool-arg", `q=${task.word}`, "limit=5"));
