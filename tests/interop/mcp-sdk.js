// An assistant on the protocol's reference SDK, in the revisions with a handshake.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { run } from "./mcp.js";

const back = (transport, parameters) => transport.finishAuth(parameters.get("code"));
await run({ Client, Transport: StreamableHTTPClientTransport, UnauthorizedError, options: {}, back });
