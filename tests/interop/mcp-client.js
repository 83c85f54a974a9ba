// An assistant on the second version of the protocol's reference SDK, in the revision without a handshake.

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { run } from "./mcp.js";

const options = { versionNegotiation: { mode: { pin: "2026-07-28" } } };
const back = (transport, parameters) => transport.finishAuth(parameters);
await run({ Client, Transport: StreamableHTTPClientTransport, UnauthorizedError, options, back });
