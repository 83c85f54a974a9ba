//! Which sessions ended before their access tokens did, and by which keys tokens are to be believed, as the issuer tells it.
//!
//! The list is looked for in this order: the instance's own memory; the store (`memo/revocations`), which all instances
//! share; the issuer. Nobody asks the issuer while any instance has a list that is younger than 15 seconds, and a request reads
//! nothing at all while its own instance has. While the issuer is away the last list serves, and the log says how old it is:
//! people go on, and who signs out is signed out here when the issuer is back, or when the token expires.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    token::{AccessToken, CLOCK_SKEW},
    world::{
        Ports,
        clock::{Timestamp, rfc3339},
    },
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Issuer, IssuerError, context_of};

/// How long a list is used before the issuer is asked again.
pub const MAX_AGE: Duration = Duration::from_secs(15);

/// The most sessions of a list that are looked at: as many as the issuer tells, in less than any store's largest value.
const ENDED_MAX: usize = 10_000;

/// The most ids of keys that are looked at: the issuer has six keys at most.
const KEYS_MAX: usize = 64;

/// Where the list lies that all instances share.
const STORED_AT: &str = "memo/revocations";

/// The first half of SHA-256 of a session's id.
type SessionHash = [u8; 16];

fn hash(session_id: &str) -> SessionHash {
    let hash = Sha256::digest(session_id.as_bytes());
    hash.first_chunk().copied().unwrap_or_default()
}

/// A list, and when the issuer gave it; an empty one, where it never did.
#[derive(Clone, Default)]
struct Known {
    /// The tokens of these sessions are refused if they expire by that time.
    ended: Arc<HashMap<SessionHash, Timestamp>>,
    /// The ids of the issuer's keys. An issuer of an earlier version does not tell them.
    keys: Option<Arc<[String]>>,
    given_at: Option<Timestamp>,
}

impl Known {
    fn new(stored: Stored) -> Self {
        let mut ended = HashMap::new();
        for revoked in stored.ended.iter().take(ENDED_MAX) {
            let hash = URL_SAFE_NO_PAD.decode(&revoked.id).ok();
            let Some(hash) = hash.and_then(|hash| SessionHash::try_from(hash).ok()) else {
                continue;
            };
            // Several requests may have wanted to end the same session; the one that came last did.
            let until = ended.entry(hash).or_insert(revoked.until);
            *until = revoked.until.max(*until);
        }
        Self {
            ended: Arc::new(ended),
            keys: stored.keys.map(Into::into),
            given_at: Some(stored.given_at),
        }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.given_at.is_some_and(|given_at| is_young(given_at, now))
    }

    fn refuses(&self, token: &AccessToken) -> bool {
        // Most of the time nobody has just signed out.
        !self.ended.is_empty()
            && self
                .ended
                .get(&hash(&token.claims.sid))
                .is_some_and(|until| token.expires_at <= *until)
    }
}

/// The list as the issuer gives it.
#[derive(Deserialize)]
struct RevocationsBody {
    items: Vec<RevokedBody>,
    keys: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RevokedBody {
    id: String,
    #[serde(with = "rfc3339")]
    until: Timestamp,
}

/// A session that has ended, as it is stored.
#[derive(Serialize, Deserialize)]
struct Revoked {
    id: String,
    until: Timestamp,
}

/// [`Known`] as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    given_at: Timestamp,
    ended: Vec<Revoked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<String>>,
}

#[derive(Default)]
struct Memory {
    /// None until the store was looked into.
    known: Option<Known>,
    /// When this instance last began to look for a newer list.
    looked_at: Option<Timestamp>,
}

/// The sessions that have ended, as an instance knows them.
pub struct Revocations {
    ports: Ports,
    issuer: Arc<dyn Issuer>,
    memory: Mutex<Memory>,
}

impl Revocations {
    /// Asks this issuer.
    pub fn new(ports: Ports, issuer: Arc<dyn Issuer>) -> Self {
        Self {
            ports,
            issuer,
            memory: Mutex::default(),
        }
    }

    /// Whether the session of the token has ended. `headers` are those of the request that brings it.
    pub async fn has_ended(&self, headers: &HeaderMap, token: &AccessToken, now: Timestamp) -> bool {
        self.current(headers, now).await.refuses(token)
    }

    /// The ids of the keys that the issuer has, as the last list says; `None` where nothing does.
    pub fn keys(&self) -> Option<Arc<[String]>> {
        self.with_memory(|memory| memory.known.as_ref().and_then(|known| known.keys.clone()))
    }

    async fn current(&self, headers: &HeaderMap, now: Timestamp) -> Known {
        let (known, is_due) = self.with_memory(|memory| {
            let is_fresh = memory.known.as_ref().is_some_and(|known| known.is_fresh(now));
            let is_due = !is_fresh && !memory.looked_at.is_some_and(|looked_at| is_young(looked_at, now));
            if is_due {
                memory.looked_at = Some(now);
            }
            (memory.known.clone(), is_due)
        });
        // One request looks, and the others go on with what is known. In an instance that has just begun, where nothing is,
        // each looks into the store, which other instances have filled.
        if !is_due && let Some(known) = known {
            return known;
        }
        let stored = self.stored(now).await.unwrap_or_default();
        let known = self.adopt(stored);
        if !is_due || known.is_fresh(now) {
            return known;
        }
        match self.ask(headers, now).await {
            Ok(newer) => newer,
            Err(error) => {
                self.complain(&error, &known, now);
                known
            }
        }
    }

    /// Asks the issuer, and keeps what it says.
    async fn ask(&self, headers: &HeaderMap, now: Timestamp) -> Result<Known, IssuerError> {
        let list = self.issuer.revocations(context_of(headers)).await?;
        let list: RevocationsBody = serde_json::from_slice(&list).map_err(|error| IssuerError(error.to_string()))?;
        let items = list.items.into_iter().take(ENDED_MAX);
        let stored = Stored {
            given_at: now,
            ended: items.map(|RevokedBody { id, until }| Revoked { id, until }).collect(),
            keys: list.keys.map(|keys| keys.into_iter().take(KEYS_MAX).collect()),
        };
        // For the other instances.
        if let Err(error) = self.ports.kv.set_json(STORED_AT, &stored).await {
            let message = "other instances do not get the list of ended sessions";
            self.ports.warn(message, error);
        }
        Ok(self.adopt(Known::new(stored)))
    }

    /// Takes this list for the instance's own, if it is newer, and tells which one that is by now.
    fn adopt(&self, newer: Known) -> Known {
        self.with_memory(|memory| match &memory.known {
            Some(known) if known.given_at >= newer.given_at => known.clone(),
            _ => memory.known.insert(newer).clone(),
        })
    }

    /// The list in the store. One from the future was written by a clock that was wrong, and would stay fresh until it is right.
    async fn stored(&self, now: Timestamp) -> Option<Known> {
        let stored = match self.ports.kv.get_json::<Stored>(STORED_AT).await {
            Ok(stored) => stored.filter(|stored| stored.given_at <= now + CLOCK_SKEW)?,
            Err(error) => {
                self.ports.warn("the list of ended sessions can't be read", error);
                return None;
            }
        };
        Some(Known::new(stored))
    }

    fn complain(&self, error: &IssuerError, known: &Known, now: Timestamp) {
        let age = known.given_at.map_or("there is none".to_owned(), |given_at| {
            format!("it is {} s old", now.since(given_at).as_secs())
        });
        let message = format!("the list of ended sessions is not renewed: {age}");
        self.ports.warn(&message, error);
    }

    fn with_memory<T>(&self, use_it: impl FnOnce(&mut Memory) -> T) -> T {
        use_it(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_young(since: Timestamp, now: Timestamp) -> bool {
    now.since(since) < MAX_AGE
}
