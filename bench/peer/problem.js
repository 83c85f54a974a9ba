import { HTTPException } from "hono/http-exception";

/** A problem to throw. */
export function refuse(status, title, headers = {}) {
  const body = JSON.stringify({ title, status });
  const res = new Response(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
  return new HTTPException(status, { res });
}
