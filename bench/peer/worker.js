// The memo app as one would write it for Cloudflare Workers: Hono for routes, jose for tokens, KV for data.
import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { SignJWT, importJWK, jwtVerify } from "jose";

const ACCESS_LIFE = 600;
const SESSION_LIFE = 30 * 24 * 60 * 60;
// The most that Workers allow.
const PBKDF2_ITERATIONS = 100_000;
const TEXT_MAX_BYTES = 64 * 1024;

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const random = (bytes) => base64url(crypto.getRandomValues(new Uint8Array(bytes)));

/** Keys are imported once per isolate. */
let keys;
function signingKeys(env) {
  keys ??= (async () => {
    const { d, ...jwk } = env.SIGNING_KEY;
    return {
      kid: jwk.kid,
      jwk,
      private: await importJWK({ ...jwk, d }, "EdDSA"),
      public: await importJWK(jwk, "EdDSA"),
    };
  })();
  return keys;
}

function refuse(status, title, headers = {}) {
  const body = JSON.stringify({ title, status });
  const res = new Response(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
  return new HTTPException(status, { res });
}

// Passwords

async function pbkdf2(password, salt) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: PBKDF2_ITERATIONS };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

async function hashPassword(password) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { salt: base64url(salt), hash: base64url(await pbkdf2(password, salt)) };
}

async function passwordMatches(password, stored) {
  const hash = await pbkdf2(password, Buffer.from(stored.salt, "base64url"));
  return crypto.subtle.timingSafeEqual(hash, Buffer.from(stored.hash, "base64url"));
}

// Sessions and tokens

async function sha256(text) {
  return base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function tokens(env, userId, sessionId) {
  const keys = await signingKeys(env);
  const secret = random(32);
  const session = { userId, refreshHash: await sha256(secret) };
  await env.KV.put(`session:${sessionId}`, JSON.stringify(session), { expirationTtl: SESSION_LIFE });
  const access = await new SignJWT({ client_id: "memo-cli", sid: sessionId })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: keys.kid })
    .setIssuer(env.ISSUER)
    .setAudience(env.AUDIENCE)
    .setSubject(userId)
    .setJti(random(16))
    .setIssuedAt()
    .setExpirationTime(`${ACCESS_LIFE}s`)
    .sign(keys.private);
  return {
    access_token: access,
    token_type: "Bearer",
    expires_in: ACCESS_LIFE,
    refresh_token: `${sessionId}.${secret}`,
  };
}

async function byPassword(env, form) {
  const username = String(form.username ?? "").toLowerCase();
  const user = await env.KV.get(`name:${username}`, "json");
  if (!user || !(await passwordMatches(String(form.password ?? ""), user.password))) throw refuse(400, "invalid_grant");
  return tokens(env, user.id, random(16));
}

async function byRefreshToken(env, form) {
  const [sessionId, secret] = String(form.refresh_token ?? "").split(".");
  const session = await env.KV.get(`session:${sessionId}`, "json");
  if (!session || session.refreshHash !== (await sha256(secret ?? ""))) throw refuse(400, "invalid_grant");
  return tokens(env, session.userId, sessionId);
}

// Memos

/** KV lists keys in ascending order; ids that count down give the newest first. */
function newId() {
  const left = (9_999_999_999_999 - Date.now()).toString().padStart(13, "0");
  const [tail] = crypto.getRandomValues(new Uint32Array(1));
  return left + (tail % 1_000_000).toString().padStart(6, "0");
}

const memoKey = (user, id) => `memo:${user}:${id}`;
const etag = (memo) => `"${memo.version}"`;

async function readText(c) {
  const body = await c.req.json().catch(() => {
    throw refuse(400, "Malformed JSON");
  });
  const { text } = body;
  if (typeof text !== "string" || text.trim() === "" || Buffer.byteLength(text) > TEXT_MAX_BYTES) {
    throw refuse(422, "Invalid text");
  }
  return text;
}

async function readMemo(c) {
  const key = memoKey(c.get("user"), c.req.param("id"));
  const memo = await c.env.KV.get(key, "json");
  if (!memo) throw refuse(404, "Not found");
  return [key, memo];
}

/** The memo that a change is meant for. KV has no way to make check and write one step. */
async function memoToChange(c) {
  const expected = c.req.header("if-match");
  if (!expected) throw refuse(428, "Precondition required");
  const [key, memo] = await readMemo(c);
  if (expected !== etag(memo)) throw refuse(412, "Stale version");
  return [key, memo];
}

const app = new Hono();

app.use(async (c, next) => {
  await next();
  c.header("x-request-id", c.req.header("x-request-id") ?? crypto.randomUUID());
  c.header("x-content-type-options", "nosniff");
  c.header("cache-control", "no-store");
});

app.post("/api/auth/users", async (c) => {
  const { username, password } = await c.req.json();
  const name = String(username).toLowerCase();
  if (!/^[a-z0-9][a-z0-9._-]{2,31}$/.test(name) || String(password).length < 8) throw refuse(422, "Invalid request");
  if (await c.env.KV.get(`name:${name}`)) throw refuse(409, "Username taken");
  const user = { id: random(16), username: name, created_at: new Date().toISOString() };
  await c.env.KV.put(`name:${name}`, JSON.stringify({ ...user, password: await hashPassword(password) }));
  return c.json(user, 201);
});

app.post("/api/auth/token", async (c) => {
  const form = await c.req.parseBody();
  if (form.grant_type === "password") return c.json(await byPassword(c.env, form));
  if (form.grant_type === "refresh_token") return c.json(await byRefreshToken(c.env, form));
  throw refuse(400, "unsupported_grant_type");
});

app.get("/.well-known/jwks.json", async (c) => c.json({ keys: [(await signingKeys(c.env)).jwk] }));

const memos = new Hono();

memos.use(async (c, next) => {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !token) throw refuse(401, "Unauthorized", { "www-authenticate": "Bearer" });
  const keys = await signingKeys(c.env);
  const expected = { issuer: c.env.ISSUER, audience: c.env.AUDIENCE, typ: "at+jwt", algorithms: ["EdDSA"] };
  const { payload } = await jwtVerify(token, keys.public, expected).catch(() => {
    throw refuse(401, "Unauthorized", { "www-authenticate": 'Bearer error="invalid_token"' });
  });
  c.set("user", payload.sub);
  await next();
});

memos.post("/", async (c) => {
  const text = await readText(c);
  const now = new Date().toISOString();
  const memo = { id: newId(), text, created_at: now, updated_at: now, version: 1 };
  await c.env.KV.put(memoKey(c.get("user"), memo.id), JSON.stringify(memo));
  return c.json(memo, 201, { location: `/api/memos/${memo.id}`, etag: etag(memo) });
});

memos.get("/", async (c) => {
  const limit = Math.min(Number(c.req.query("limit") ?? 50), 100);
  const prefix = memoKey(c.get("user"), "");
  const page = await c.env.KV.list({ prefix, limit, cursor: c.req.query("cursor") });
  const names = page.keys.map((key) => key.name);
  const memos = names.length > 0 ? await c.env.KV.get(names, "json") : new Map();
  const items = names.map((name) => memos.get(name)).filter(Boolean);
  return c.json({ items, next_cursor: page.list_complete ? null : page.cursor });
});

memos.get("/:id", async (c) => {
  const [, memo] = await readMemo(c);
  c.header("etag", etag(memo));
  if (c.req.header("if-none-match") === etag(memo)) return c.body(null, 304);
  return c.json(memo);
});

memos.put("/:id", async (c) => {
  const text = await readText(c);
  const [key, memo] = await memoToChange(c);
  const changed = { ...memo, text, updated_at: new Date().toISOString(), version: memo.version + 1 };
  await c.env.KV.put(key, JSON.stringify(changed));
  return c.json(changed, 200, { etag: etag(changed) });
});

memos.delete("/:id", async (c) => {
  const [key] = await memoToChange(c);
  await c.env.KV.delete(key);
  return c.body(null, 204);
});

app.route("/api/memos", memos);
app.notFound((c) => c.json({ title: "Not found", status: 404 }, 404));
app.onError((error) => {
  if (error instanceof HTTPException) return error.getResponse();
  throw error;
});

export default app;
