// Memos in KV: a value each, and a key for each change. Nothing else is kept, so whoever looks for a word, a tag or the
// trash reads all memos.

/** KV answers for so many keys at once. */
const KEYS_LISTED = 1000;
const VALUES_READ = 100;

const memoKey = (user, id) => `memo:${user}:${id}`;
const changePrefix = (user) => `change:${user}:`;

let last = Infinity;
/** KV lists keys in ascending order; ids that count down give the newest first. */
export function newId() {
  const [tail] = crypto.getRandomValues(new Uint32Array(1));
  last = Math.min(last - 1, 9_999_999_999_999_999 - Date.now() * 1000);
  return last.toString().padStart(16, "0") + (tail % 1000).toString().padStart(3, "0");
}

/** The tags in a text. */
export function tagsIn(text) {
  const found = text.matchAll(/(?<=^|[\s([{"'])#([\p{L}\p{N}_/-]+)/gu);
  return [...new Set([...found].map((match) => match[1].normalize("NFC").toLowerCase()))];
}

export function read(kv, user, id) {
  return kv.get(memoKey(user, id), "json");
}

/** Writes a memo, and that it has changed. KV has no way to make that one step, or to check the version in it. */
export async function write(kv, user, memo) {
  const change = { metadata: { id: memo.id, version: memo.version } };
  await Promise.all([
    kv.put(memoKey(user, memo.id), JSON.stringify(memo)),
    kv.put(changePrefix(user) + newId(), "", change),
  ]);
}

export async function remove(kv, user, memo) {
  const change = { metadata: { id: memo.id, version: memo.version + 1, deleted: true } };
  await Promise.all([kv.delete(memoKey(user, memo.id)), kv.put(changePrefix(user) + newId(), "", change)]);
}

/** Reads values, as many at once as KV allows. */
async function readAll(kv, names) {
  const memos = [];
  for (let start = 0; start < names.length; start += VALUES_READ) {
    const some = names.slice(start, start + VALUES_READ);
    const values = await kv.get(some, "json");
    memos.push(...some.map((name) => values.get(name)));
  }
  return memos;
}

/**
 * Memos that `fits`, from a place on until there are `limit` or no more. A place is the cursor of a chunk of keys and how
 * many keys of it were seen.
 */
export async function list(kv, user, fits, limit, chunk, place) {
  let [cursor, seen] = place;
  const items = [];
  for (;;) {
    const page = await kv.list({ prefix: memoKey(user, ""), limit: Math.min(chunk, VALUES_READ), cursor });
    const memos = page.keys.length > 0 ? await readAll(kv, page.keys.map((key) => key.name)) : [];
    for (; seen < memos.length; seen++) {
      if (items.length === limit) return { items, next: [cursor, seen] };
      if (memos[seen] && fits(memos[seen])) items.push(memos[seen]);
    }
    if (page.list_complete) return { items, next: null };
    if (items.length === limit) return { items, next: [page.cursor, 0] };
    [cursor, seen] = [page.cursor, 0];
  }
}

/** How many memos there are of each tag. */
export async function tagCounts(kv, user) {
  const counts = new Map();
  let cursor;
  do {
    const page = await kv.list({ prefix: memoKey(user, ""), limit: KEYS_LISTED, cursor });
    for (const memo of await readAll(kv, page.keys.map((key) => key.name))) {
      if (!memo || memo.trashed_at || memo.archived) continue;
      for (const tag of memo.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    cursor = page.list_complete ? null : page.cursor;
  } while (cursor);
  return [...counts].map(([tag, count]) => ({ tag, count })).sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

/** What has changed since a change, oldest first. The newest are listed first, so who is not far behind reads little. */
export async function changes(kv, user, since, limit) {
  const prefix = changePrefix(user);
  const behind = [];
  let cursor;
  do {
    const page = await kv.list({ prefix, limit: VALUES_READ, cursor });
    const end = page.keys.findIndex((key) => since !== undefined && key.name >= prefix + since);
    behind.push(...(end < 0 ? page.keys : page.keys.slice(0, end)));
    cursor = end < 0 && !page.list_complete ? page.cursor : null;
  } while (cursor);
  const oldest = behind.reverse().slice(0, limit);
  const ids = [...new Set(oldest.map((key) => key.metadata.id))];
  const memos = await readAll(kv, ids.map((id) => memoKey(user, id)));
  const items = ids.map((id, index) => {
    const memo = memos[index];
    if (memo) return { id, version: memo.version, deleted: false, memo };
    return { id, version: oldest.findLast((key) => key.metadata.id === id).metadata.version, deleted: true };
  });
  const next = oldest.at(-1)?.name.slice(prefix.length) ?? since;
  return { items, next, more: oldest.length < behind.length };
}
