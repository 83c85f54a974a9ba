//! Signing keys, and `/.well-known/jwks.json`.
//!
//! Keys lie in one record, `auth/key/signing`, made at first use and changed by [`claim::advance`], so that instances
//! that start at once agree. After [`ROTATE_AFTER`] a new key joins. It is published at once and signs from
//! [`SIGN_AFTER`] on, when every instance of this service knows it; the old one stays published for [`RETIRE_AFTER`].
//! A seed in the variable `signing_key` takes the place of all that.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use common::{
    claim::{self, Outcome, Step},
    clock::Timestamp,
    kv::{KvError, encode},
    ports::Ports,
    problem::Problem,
    token::KeySet,
};
use http::header;
use jwt_simple::prelude::Ed25519KeyPair;
use serde::{Deserialize, Serialize};

use crate::{App, bytes32::Bytes32};

/// The age at which a key is replaced.
const ROTATE_AFTER: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long an instance goes on with the keys it has read.
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// How long after its making a new key begins to sign: twice the time in which the others learn of it.
const SIGN_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long a replaced key stays published. Its last tokens end 25 minutes after its successor was made; a day leaves
/// room for verifiers that keep what they were once given.
const RETIRE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How often an instance looks for the first key while another makes it, which takes that three store operations. It
/// happens once in a store's life; who still finds none has the client try again.
const LOOKS: usize = 64;

const STORED_AT: &str = "auth/key/signing";

/// What others may keep the keys for: the memo service asks again sooner when it meets a key it does not know.
const CACHE_CONTROL: &str = "public, max-age=300";

/// PKCS #8 around an Ed25519 seed (RFC 8410 §7).
const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// The routes of this resource.
pub fn routes() -> Router<App> {
    Router::new().route("/.well-known/jwks.json", get(jwks))
}

async fn jwks(State(app): State<App>) -> Result<Response, Problem> {
    let now = app.ports.clock.now();
    let keys = app.keys.current(now).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, CACHE_CONTROL),
    ];
    Ok((headers, keys.jwks.clone()).into_response())
}

/// `auth/key/signing`: the newest key last.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u64,
    keys: Vec<StoredKey>,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredKey {
    seed: Bytes32,
    created_at: Timestamp,
}

impl Stored {
    /// The keys that are published: the newest, and what it replaced a short while ago.
    fn published(self, now: Timestamp) -> Vec<StoredKey> {
        let replaced_long_ago = self
            .keys
            .last()
            .is_some_and(|newest| now.since(newest.created_at) >= RETIRE_AFTER);
        let keep = if replaced_long_ago { 1 } else { 2 };
        let skip = self.keys.len().saturating_sub(keep);
        self.keys.into_iter().skip(skip).collect()
    }
}

/// Keys ready for use.
pub struct Keys {
    pairs: Vec<(Timestamp, Ed25519KeyPair)>,
    jwks: String,
    public: KeySet,
}

impl Keys {
    fn new(stored: Vec<StoredKey>) -> Result<Self, String> {
        let pairs: Result<Vec<_>, String> = stored
            .iter()
            .map(|key| Ok((key.created_at, pair(&key.seed)?)))
            .collect();
        let pairs = pairs?;
        let jwks: Vec<String> = pairs.iter().map(|(_, pair)| pair.public_key().to_jwk()).collect();
        let jwks = format!("{{\"keys\":[{}]}}", jwks.join(","));
        let public = KeySet::parse(jwks.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Self { pairs, jwks, public })
    }

    /// The key to sign with: the newest that everybody knows, or the only one.
    pub fn signer(&self, now: Timestamp) -> Option<&Ed25519KeyPair> {
        let known = self.pairs.iter().rev().find(|(made, _)| now.since(*made) >= SIGN_AFTER);
        known.or(self.pairs.first()).map(|(_, pair)| pair)
    }

    /// The public keys.
    pub fn public(&self) -> &KeySet {
        &self.public
    }
}

fn pair(seed: &Bytes32) -> Result<Ed25519KeyPair, String> {
    let der = [PKCS8.as_slice(), &seed.0].concat();
    let pair = Ed25519KeyPair::from_der(&der).map_err(|error| error.to_string())?;
    let id = pair.public_key().jwk_thumbprint();
    Ok(pair.with_key_id(&id))
}

/// The keys of this instance.
pub struct Keyring {
    ports: Ports,
    given: Option<Arc<Keys>>,
    read: Mutex<Option<(Timestamp, Arc<Keys>)>>,
}

impl Keyring {
    /// `seed` is the variable `signing_key`.
    ///
    /// # Errors
    /// When `seed` is neither empty nor a seed.
    pub fn new(ports: Ports, seed: &str) -> Result<Self, String> {
        let given = match seed.trim() {
            "" => None,
            seed => {
                let seed = Bytes32::from_text(seed.trim_end_matches('='))
                    .ok_or("variable signing_key: it is not 32 bytes in base64url")?;
                let key = StoredKey {
                    seed,
                    created_at: Timestamp(0),
                };
                Some(Arc::new(Keys::new(vec![key])?))
            }
        };
        Ok(Self {
            ports,
            given,
            read: Mutex::default(),
        })
    }

    /// The keys as they were at most [`FRESH_FOR`] ago.
    ///
    /// # Errors
    /// 503 when the store does not give them.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Keys>, Problem> {
        if let Some(given) = &self.given {
            return Ok(Arc::clone(given));
        }
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, keys)) = read
            && now.since(at) < FRESH_FOR
        {
            return Ok(keys);
        }
        // Two requests may read at once. To wait for each other would save a read and could hang an instance:
        // one request's task can't wake another's there.
        let stored = self.stored(now).await?;
        let keys = Arc::new(Keys::new(stored.published(now)).map_err(Problem::unavailable)?);
        let fresh = Some((now, Arc::clone(&keys)));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(keys)
    }

    /// The record, made or renewed if need be.
    async fn stored(&self, now: Timestamp) -> Result<Stored, Problem> {
        let stored: Option<Stored> = self.ports.kv.get_json(STORED_AT).await?;
        let newest = stored.as_ref().and_then(|stored| stored.keys.last().cloned());
        match (stored, newest) {
            (Some(stored), Some(newest)) if now.since(newest.created_at) < ROTATE_AFTER => Ok(stored),
            (Some(stored), newest) => {
                let renewed = self.add(stored.version, newest, now).await?;
                Ok(renewed.unwrap_or(stored))
            }
            (None, _) => {
                if let Some(made) = self.add(0, None, now).await? {
                    return Ok(made);
                }
                // Somebody else has just made it, or is about to.
                for _ in 0..LOOKS {
                    if let Some(stored) = self.ports.kv.get_json(STORED_AT).await? {
                        return Ok(stored);
                    }
                }
                Err(Problem::unavailable("the first signing key is being made"))
            }
        }
    }

    /// Adds a key to the record at `version`; `None` when somebody else does.
    async fn add(&self, version: u64, newest: Option<StoredKey>, now: Timestamp) -> Result<Option<Stored>, Problem> {
        let key = StoredKey {
            seed: Bytes32::random(&self.ports)?,
            created_at: now,
        };
        let stored = Stored {
            version: version + 1,
            keys: newest.into_iter().chain([key]).collect(),
        };
        let bytes = encode(&stored)?;
        let outcome = claim::advance(&self.ports, STORED_AT, version, |holder| match version_of(holder) {
            Ok(at) if at == version => Step::Write(bytes, ()),
            _ => Step::Leave(()),
        });
        match outcome.await? {
            Outcome::Done(()) => Ok(Some(stored)),
            Outcome::Left(()) | Outcome::Busy => Ok(None),
        }
    }
}

/// The version of a record; 0 where there is none.
fn version_of(record: Option<Vec<u8>>) -> Result<u64, KvError> {
    let stored = record.map(|bytes| common::kv::decode::<Stored>(STORED_AT, &bytes));
    Ok(stored.transpose()?.map_or(0, |stored| stored.version))
}
