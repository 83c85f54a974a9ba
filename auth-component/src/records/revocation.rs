//! Sessions that ended before their access tokens did, so that others can refuse those tokens.
//!
//! | key | holds |
//! |---|---|
//! | `auth/revoked` | a counter: how many entries were ever made |
//! | `auth/revoked/{place}` | an entry: which sessions ended, and until when that matters |
//!
//! The entries are a ring: the place of an entry is its number modulo [`PLACES`]. An entry says for itself until when it
//! matters, so nothing has to be removed, and however many sessions end, the store holds so many entries and no more. When
//! more sessions end within eleven minutes than there is room for, the oldest entries are overwritten: their tokens, which
//! have the least time left, are good until they expire.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    store::kv::{KvError, decode},
    world::{Ports, clock::Timestamp},
};
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use crate::tokens::access_token;

/// How many entries there are. One is made by each sign-out, and one by the end of all sessions of a user.
pub const PLACES: u64 = 8192;

/// The most sessions that are told. So many fit into one value of every store, where the memo service keeps them.
pub const TOLD_MAX: usize = 10_000;

/// A request that was making a token when its session ended is over by then, though clocks differ by a few seconds.
const MARGIN: Duration = Duration::from_secs(60);

/// How many entries are read at once: at first, which is enough while few people sign out, and then.
const AT_ONCE: (u64, u64) = (8, 64);

const COUNTER: &str = "auth/revoked";

/// An entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Tells an entry from the one that was at its place before.
    number: u64,
    /// Hashes of the sessions' ids.
    sessions: Vec<String>,
    until: Timestamp,
}

/// A session that ended before its access tokens did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// A hash of the session's id.
    pub id: String,
    /// Tokens that expire by then are refused. One that expires later was made later, so the session had not ended.
    pub until: Timestamp,
}

fn entry_key(number: u64) -> String {
    format!("{COUNTER}/{}", number % PLACES)
}

/// Notes that these sessions end. It is done before they do: who stops in between has ended nothing, and may do it again.
/// One increment and one set.
///
/// # Errors
/// Those of the store.
pub async fn add(ports: &Ports, session_ids: &[String]) -> Result<(), KvError> {
    let number = ports.number_of(COUNTER).await?;
    let entry = Entry {
        number,
        sessions: session_ids.iter().map(|id| hash(id)).collect(),
        until: ports.clock.now() + access_token::TTL + MARGIN,
    };
    ports.kv.set_json(&entry_key(number), &entry).await
}

/// The first half of SHA-256, in base64url. Others make the same of the `sid` of a token.
pub fn hash(session_id: &str) -> String {
    let hash = Hash::hash(session_id.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.first_chunk::<16>().copied().unwrap_or_default())
}

/// The sessions that ended lately, those that ended last first. One increment by 0, and a read for each entry that matters
/// and for a few more.
///
/// # Errors
/// Those of the store.
pub async fn list(ports: &Ports) -> Result<Vec<Revoked>, KvError> {
    let now = ports.clock.now();
    if !ports.kv.has_increment() {
        return list_plainly(ports, now).await;
    }
    let newest = u64::try_from(ports.kv.increment(COUNTER, 0).await?).unwrap_or(0);
    let oldest = newest.saturating_sub(PLACES).saturating_add(1);
    let mut revoked = Vec::new();
    let (mut number, mut at_once) = (newest, AT_ONCE.0);
    while number >= oldest && revoked.len() < TOLD_MAX {
        let last = oldest.max(number.saturating_sub(at_once.saturating_sub(1)));
        let numbers: Vec<u64> = (last..=number).rev().collect();
        for (number, entry) in numbers.iter().zip(read(ports, &numbers).await?) {
            // A writer that died left none, and one that is under way has not written its own.
            let Some(entry) = entry.filter(|entry| entry.number == *number) else {
                continue;
            };
            // Entries are numbered in the order of their making, but for requests that were slow and clocks that differ.
            if entry.until + MARGIN <= now {
                return Ok(revoked);
            }
            tell(&mut revoked, entry, now);
        }
        (number, at_once) = (last.saturating_sub(1), AT_ONCE.1);
    }
    if revoked.len() >= TOLD_MAX {
        ports.warn("more sessions ended than are told", revoked.len());
    }
    Ok(revoked)
}

/// Tells the sessions of an entry, while it matters and there is room.
fn tell(revoked: &mut Vec<Revoked>, entry: Entry, now: Timestamp) {
    if entry.until > now {
        let room = TOLD_MAX.saturating_sub(revoked.len());
        let until = entry.until;
        revoked.extend(entry.sessions.into_iter().take(room).map(|id| Revoked { id, until }));
    }
}

async fn read(ports: &Ports, numbers: &[u64]) -> Result<Vec<Option<Entry>>, KvError> {
    let keys: Vec<String> = numbers.iter().map(|number| entry_key(*number)).collect();
    let values = ports.kv.get_many(&keys).await?;
    let entries = keys.iter().zip(values).map(|(key, value)| {
        let Some(bytes) = value else { return Ok(None) };
        match decode(key, &bytes) {
            Err(error @ KvError::Corrupt { .. }) => {
                // The others are to be told all the same.
                ports.warn("an entry of ended sessions can't be read", error);
                Ok(None)
            }
            entry => entry.map(Some),
        }
    });
    entries.collect()
}

/// The same by the store's keys, where there is no counter that knows the newest; what no longer matters is removed.
async fn list_plainly(ports: &Ports, now: Timestamp) -> Result<Vec<Revoked>, KvError> {
    let mut revoked = Vec::new();
    for key in ports.kv.keys("auth/revoked/").await? {
        match ports.kv.get_json::<Entry>(&key).await? {
            Some(entry) if entry.until + MARGIN <= now => ports.kv.delete(&key).await?,
            Some(entry) => tell(&mut revoked, entry, now),
            None => {}
        }
    }
    Ok(revoked)
}
