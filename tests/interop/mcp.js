// What an assistant does on a client library of the Model Context Protocol: it finds out where tokens come from, registers, sends the
// person to the consent page, and uses the tools. Which library and how it speaks, the scripts say that start this.

import { listen, say, task } from "./program.js";

/** What the library asks its program for; kept in memory. */
class Provider {
  /** @param {string} redirectUrl */
  constructor(redirectUrl) {
    this.redirectUrl = redirectUrl;
    this.clientMetadata = {
      client_name: task.name,
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
    this.asked = 0;
  }

  clientInformation = () => this.information;
  saveClientInformation = (information) => void (this.information = information);
  tokens = () => this.saved;
  saveTokens = (tokens) => void (this.saved = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (discovered) => void (this.discovered = discovered);

  /** @param {URL} url */
  redirectToAuthorization(url) {
    this.asked += 1;
    say({ authorize: url.href });
  }
}

/**
 * Uses a tool; what went wrong is an answer as well.
 * @param {{ callTool: Function }} client
 * @param {string} name
 * @param {object} args
 */
async function use(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  return result.isError ? { problem: JSON.parse(result.content[0].text) } : result.structuredContent;
}

/**
 * @param {object} library its client, its transport, its error for "sign in first", and the options of its client
 */
export async function run({ Client, Transport, UnauthorizedError, options, back }) {
  const { redirectUri, come } = await listen();
  const provider = new Provider(redirectUri);
  const url = new URL(task.mcp);
  const make = () => new Client({ name: task.name, version: "1.0.0" }, options);
  const refused = new Transport(url, { authProvider: provider });
  try {
    await make().connect(refused);
    throw new Error("nobody was asked");
  } catch (error) {
    if (!(error instanceof UnauthorizedError) && !(error.cause instanceof UnauthorizedError)) throw error;
  }
  await back(refused, (await come).searchParams);

  const client = make();
  const transport = new Transport(url, { authProvider: provider });
  await client.connect(transport);
  const { tools } = await client.listTools();
  say({
    server: client.getServerVersion()?.name,
    instructions: Boolean(client.getInstructions()),
    protocol: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion,
    scope: provider.saved.scope,
    tools: tools.map((tool) => tool.name),
  });
  if (tools.some((tool) => tool.name === "create_memo")) say(await writes(client));
  say({ found: await use(client, "search_memos", { q: task.word }), tags: await use(client, "list_tags", {}) });
  say({ asked: provider.asked });
  await client.close();
}

/** Writes a memo, changes it, and puts it away. @param {object} client */
async function writes(client) {
  const created = await use(client, "create_memo", { text: `by an assistant ${task.word} #written`, idempotency_key: "one" });
  const again = await use(client, "create_memo", { text: `by an assistant ${task.word} #written`, idempotency_key: "one" });
  const { id, version } = created;
  const changed = await use(client, "update_memo", { id, version, text: `changed ${task.word} #written` });
  const stale = await use(client, "update_memo", { id, version, pinned: true });
  const read = await use(client, "read_memo", { id });
  const second = await use(client, "create_memo", { text: "not for long" });
  const trashed = await use(client, "trash_memo", { id: second.id, version: second.version });
  return { created, again, changed, stale, read, trashed };
}
