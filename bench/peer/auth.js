// Users, sessions and tokens: passwords by PBKDF2, tokens by jose, records in KV.
import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { getCookie } from "hono/cookie";
import { SignJWT, importJWK, jwtVerify } from "jose";
import { refuse } from "./problem.js";

const ACCESS_LIFE = 600;
const SESSION_LIFE = 30 * 24 * 60 * 60;
// The most that Workers allow.
const PBKDF2_ITERATIONS = 100_000;

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
  const access = await new SignJWT({ client_id: "memo-web", sid: sessionId })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: keys.kid })
    .setIssuer(env.ISSUER)
    .setAudience(env.AUDIENCE)
    .setSubject(userId)
    .setJti(random(16))
    .setIssuedAt()
    .setExpirationTime(`${ACCESS_LIFE}s`)
    .sign(keys.private);
  return {
    access: { access_token: access, token_type: "Bearer", expires_in: ACCESS_LIFE },
    cookie: `memo_refresh=${sessionId}.${secret}; Max-Age=${SESSION_LIFE}; Path=/api/auth/session; HttpOnly; SameSite=Strict`,
  };
}

async function byPassword(env, credentials) {
  const username = String(credentials.username ?? "").toLowerCase();
  const user = await env.KV.get(`name:${username}`, "json");
  if (!user || !(await passwordMatches(String(credentials.password ?? ""), user.password))) throw refuse(401, "Unauthorized");
  return tokens(env, user.id, random(16));
}

async function byRefreshToken(env, token) {
  const [sessionId, secret] = String(token ?? "").split(".");
  const session = await env.KV.get(`session:${sessionId}`, "json");
  if (!session || session.refreshHash !== (await sha256(secret ?? ""))) throw refuse(401, "Unauthorized");
  return tokens(env, session.userId, sessionId);
}

export const auth = new Hono();

auth.post("/api/auth/users", async (c) => {
  const { username, password } = await c.req.json();
  const name = String(username).toLowerCase();
  if (!/^[a-z0-9][a-z0-9._-]{2,31}$/.test(name) || String(password).length < 8) throw refuse(422, "Invalid request");
  if (await c.env.KV.get(`name:${name}`)) throw refuse(409, "Username taken");
  const user = { id: random(16), username: name, created_at: new Date().toISOString() };
  await c.env.KV.put(`name:${name}`, JSON.stringify({ ...user, password: await hashPassword(password) }));
  return c.json(user, 201);
});

function signedIn(c, { access, cookie }) {
  c.header("set-cookie", cookie);
  return c.json(access);
}

auth.post("/api/auth/session", async (c) => signedIn(c, await byPassword(c.env, await c.req.json())));

auth.post("/api/auth/session/refresh", async (c) =>
  signedIn(c, await byRefreshToken(c.env, getCookie(c, "memo_refresh"))),
);

auth.get("/.well-known/jwks.json", async (c) => c.json({ keys: [(await signingKeys(c.env)).jwk] }));

/** Lets only people with a token pass, and says who it is. */
export async function whoAsks(c, next) {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !token) throw refuse(401, "Unauthorized", { "www-authenticate": "Bearer" });
  const keys = await signingKeys(c.env);
  const expected = { issuer: c.env.ISSUER, audience: c.env.AUDIENCE, typ: "at+jwt", algorithms: ["EdDSA"] };
  const { payload } = await jwtVerify(token, keys.public, expected).catch(() => {
    throw refuse(401, "Unauthorized", { "www-authenticate": 'Bearer error="invalid_token"' });
  });
  c.set("user", payload.sub);
  await next();
}
