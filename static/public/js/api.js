// One request to the services, and the three ways it can end badly.

/** The server said no: an RFC 9457 problem. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `status ${status}`);
    this.status = status;
    /** What went wrong, as the anchor of its explanation at /problems. */
    this.slug = body?.type?.split("#")[1] ?? "unknown";
    /** The fields of the request that were refused. */
    this.fields = body?.errors?.map((error) => error.field) ?? [];
  }
}

/** No answer came. Whether the request took effect is unknown. */
export class Unreachable extends Error {}

/** Whoever was signed in when the request was made no longer is. */
export class SignedOut extends Error {}

// Long enough for a password hash on a busy server, short enough to be told about it.
const PATIENCE_MS = 20_000;

/** Sends `json`, if any, and returns the answer's JSON; throws a `Problem` or `Unreachable`. */
export async function call(method, path, { json, headers = {} } = {}) {
  const init = { method, headers: { accept: "application/json", ...headers }, cache: "no-store" };
  if (json !== undefined) {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(json);
  }
  let response, text;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
    text = await response.text();
  } catch (error) {
    throw new Unreachable(path, { cause: error });
  }
  const body = parsed(text);
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // No content, or a proxy's error page.
  }
}
