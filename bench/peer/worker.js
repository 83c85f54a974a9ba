// The memo app as one would write it for Cloudflare Workers: Hono for routes, jose for tokens, KV for data.
import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { auth, whoAsks } from "./auth.js";
import { refuse } from "./problem.js";
import * as store from "./store.js";

const TEXT_MAX_BYTES = 64 * 1024;
const BATCH_MAX = 100;

const etag = (memo) => `"${memo.version}"`;

function checkText(text) {
  if (typeof text !== "string" || text.trim() === "" || Buffer.byteLength(text) > TEXT_MAX_BYTES) {
    throw refuse(422, "Invalid text");
  }
  return text;
}

// What can be done, alone or in a batch.

async function create(kv, user, { text, pinned = false, archived = false }) {
  checkText(text);
  const now = new Date().toISOString();
  const tags = store.tagsIn(text);
  const memo = { id: store.newId(), text, tags, pinned, archived, created_at: now, updated_at: now, trashed_at: null, version: 1 };
  await store.write(kv, user, memo);
  return memo;
}

/** The memo that a change is meant for. KV has no way to make check and write one step. */
async function toChange(kv, user, id, expected) {
  if (!expected) throw refuse(428, "Precondition required");
  const memo = await store.read(kv, user, id);
  if (!memo) throw refuse(404, "Not found");
  if (expected !== etag(memo)) throw refuse(412, "Stale version");
  return memo;
}

async function change(kv, user, memo, { text = memo.text, pinned = memo.pinned, archived = memo.archived, trashed_at }) {
  checkText(text);
  const changed = {
    ...memo,
    text,
    tags: store.tagsIn(text),
    pinned,
    archived,
    trashed_at: trashed_at === null ? null : memo.trashed_at,
    updated_at: new Date().toISOString(),
    version: memo.version + 1,
  };
  await store.write(kv, user, changed);
  return changed;
}

async function trash(kv, user, memo) {
  if (memo.trashed_at) return store.remove(kv, user, memo);
  const changed = { ...memo, trashed_at: new Date().toISOString(), version: memo.version + 1 };
  return store.write(kv, user, changed);
}

async function operate(kv, user, { method, id, if_match, body }) {
  if (method === "POST") return { status: 201, memo: await create(kv, user, body) };
  const expected = typeof if_match === "number" ? `"${if_match}"` : if_match;
  const memo = await toChange(kv, user, id, expected);
  if (method === "PUT" || method === "PATCH") return { status: 200, memo: await change(kv, user, memo, body) };
  if (method !== "DELETE") throw refuse(422, "Unknown method");
  await trash(kv, user, memo);
  return { status: 204 };
}

const app = new Hono();

app.use(async (c, next) => {
  await next();
  c.header("x-request-id", c.req.header("x-request-id") ?? crypto.randomUUID());
  c.header("x-content-type-options", "nosniff");
  c.header("cache-control", "no-store");
});

app.route("/", auth);

const memos = new Hono();
memos.use(whoAsks);

async function body(c) {
  return c.req.json().catch(() => {
    throw refuse(400, "Malformed JSON");
  });
}

memos.post("/", async (c) => {
  const memo = await create(c.env.KV, c.get("user"), await body(c));
  return c.json(memo, 201, { location: `/api/memos/${memo.id}`, etag: etag(memo) });
});

/** Whether a memo is one of those that are asked for. */
function filter({ q = "", tag, state = "active" }) {
  const fold = (text) => text.normalize("NFC").toLowerCase();
  const words = fold(q).split(/\s+/).filter(Boolean);
  const ofState = {
    active: (memo) => !memo.trashed_at && !memo.archived,
    archived: (memo) => !memo.trashed_at && memo.archived,
    trashed: (memo) => memo.trashed_at,
    all: () => true,
  }[state];
  return (memo) => {
    if (!ofState(memo)) return false;
    if (tag && !memo.tags.some((one) => one === tag || one.startsWith(`${tag}/`))) return false;
    const text = words.length > 0 ? fold(memo.text) : "";
    return words.every((word) => text.includes(word));
  };
}

memos.get("/", async (c) => {
  const query = c.req.query();
  const limit = Math.min(Number(query.limit ?? 50), 100);
  const place = query.cursor ? JSON.parse(Buffer.from(query.cursor, "base64url").toString()) : [undefined, 0];
  // A plain list finds what it wants in as many keys; any other has to read further.
  const chunk = query.q || query.tag || query.state ? Infinity : limit;
  const { items, next } = await store.list(c.env.KV, c.get("user"), filter(query), limit, chunk, place);
  return c.json({ items, next_cursor: next && Buffer.from(JSON.stringify(next)).toString("base64url") });
});

memos.get("/tags", async (c) => c.json({ items: await store.tagCounts(c.env.KV, c.get("user")), more: false }));

memos.get("/changes", async (c) => {
  const limit = Math.min(Number(c.req.query("limit") ?? 100), 100);
  return c.json(await store.changes(c.env.KV, c.get("user"), c.req.query("since"), limit));
});

/** All at once: nobody would wait for one write after the other. */
memos.post("/batch", async (c) => {
  const { operations } = await body(c);
  if (!Array.isArray(operations) || operations.length > BATCH_MAX) throw refuse(422, "Invalid operations");
  const one = async (operation) => {
    try {
      return await operate(c.env.KV, c.get("user"), operation);
    } catch (error) {
      if (!(error instanceof HTTPException)) throw error;
      return { status: error.status, problem: await error.getResponse().json() };
    }
  };
  return c.json({ results: await Promise.all(operations.map(one)) });
});

memos.get("/:id", async (c) => {
  const memo = await store.read(c.env.KV, c.get("user"), c.req.param("id"));
  if (!memo) throw refuse(404, "Not found");
  c.header("etag", etag(memo));
  if (c.req.header("if-none-match") === etag(memo)) return c.body(null, 304);
  return c.json(memo);
});

const toChangeAlone = (c) => toChange(c.env.KV, c.get("user"), c.req.param("id"), c.req.header("if-match"));

async function changeAlone(c) {
  const wanted = await body(c);
  const changed = await change(c.env.KV, c.get("user"), await toChangeAlone(c), wanted);
  return c.json(changed, 200, { etag: etag(changed) });
}
memos.put("/:id", changeAlone);
memos.patch("/:id", changeAlone);

memos.delete("/:id", async (c) => {
  await trash(c.env.KV, c.get("user"), await toChangeAlone(c));
  return c.body(null, 204);
});

app.route("/api/memos", memos);
app.notFound((c) => c.json({ title: "Not found", status: 404 }, 404));
app.onError((error) => {
  if (error instanceof HTTPException) return error.getResponse();
  throw error;
});

export default app;
