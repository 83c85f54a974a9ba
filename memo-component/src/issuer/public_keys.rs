//! The issuer's public keys.
//!
//! Keys are looked for in this order: the instance's own memory; the store (`memo/jwks`), which all instances share;
//! the issuer; the variable `jwks`. While the issuer is away, keys up to a day old serve, so people who hold a token
//! go on. A token with an unknown key id makes the service look for newer keys, at most every ten seconds.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use common::{
    config::ConfigError,
    http::problem::Problem,
    store::kv::KvError,
    token::{CLOCK_SKEW, KeySet},
    world::{Ports, clock::Timestamp},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::{Issuer, IssuerError, context_of};

/// How long keys are used before the issuer is asked for newer ones.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How old keys may be while the issuer does not answer.
const STALE_IF_ERROR: Duration = Duration::from_secs(24 * 60 * 60);

/// An instance asks the issuer no more often than this, however long it is away; and for key ids that nobody knows, no
/// instance asks when another one has just done so. Without any keys the limit does not apply: otherwise one failed
/// request would refuse everybody for ten seconds.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Where the keys lie that all instances share.
const STORED_AT: &str = "memo/jwks";

/// Keys, and when the issuer gave them.
#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    given_at: Timestamp,
}

impl Known {
    fn is_younger_than(&self, age: Duration, now: Timestamp) -> bool {
        now.since(self.given_at) < age
    }
}

/// [`Known`] as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    jwks: String,
    given_at: Timestamp,
}

#[derive(Default)]
struct Memory {
    known: Option<Known>,
    /// When the issuer was last asked.
    asked_at: Option<Timestamp>,
    /// When newer keys were last looked for, because of a key id that nobody knows.
    looked_at: Option<Timestamp>,
}

/// The issuer's public keys, as an instance knows them.
pub struct PublicKeys {
    ports: Ports,
    issuer: Arc<dyn Issuer>,
    literal: Option<Arc<KeySet>>,
    memory: Mutex<Memory>,
}

impl PublicKeys {
    /// The keys that this issuer gives; `literal` ones are fallen back to.
    pub fn new(ports: Ports, issuer: Arc<dyn Issuer>, literal: Option<Arc<KeySet>>) -> Self {
        Self {
            ports,
            issuer,
            literal,
            memory: Mutex::default(),
        }
    }

    /// Reads the variable `jwks`, a JWK Set, which may be empty.
    ///
    /// # Errors
    /// When it is neither empty nor a JWK Set with a usable key.
    pub fn literal(text: &str) -> Result<Option<Arc<KeySet>>, ConfigError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let refuse = |reason: &str| ConfigError::new("jwks", reason);
        let keys = KeySet::parse(text.as_bytes()).map_err(|_| refuse("it is not a JWK Set"))?;
        if keys.is_empty() {
            return Err(refuse("it holds no Ed25519 key with a kid"));
        }
        Ok(Some(Arc::new(keys)))
    }

    /// The keys to check a token with. `headers` are those of the request that brings it.
    ///
    /// # Errors
    /// 503 when there are none at all.
    pub async fn current(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<KeySet>, Problem> {
        let known = self.with_memory(|memory| memory.known.clone());
        if let Some(known) = &known {
            let may_ask = self.with_memory(|memory| is_due(memory.asked_at, now));
            // While the issuer is away, what is known serves between one try and the next.
            if known.is_younger_than(MAX_AGE, now) || (!may_ask && known.is_younger_than(STALE_IF_ERROR, now)) {
                return Ok(Arc::clone(&known.keys));
            }
        }
        // Requests that arrive together may look together. To wait for one of them would save little and could hang:
        // in an instance of WASI 0.3 one request's task does not wake another's.
        let stored = self.stored(now).await;
        if let Ok(Some(stored)) = &stored {
            self.adopt(stored);
            if stored.is_younger_than(MAX_AGE, now) {
                return Ok(Arc::clone(&stored.keys));
            }
        }
        let failure = match self.ask(headers, now).await {
            Ok(keys) => return Ok(keys),
            Err(failure) => failure,
        };
        let usable = self.with_memory(|memory| memory.known.clone());
        if let Some(usable) = usable.filter(|usable| usable.is_younger_than(STALE_IF_ERROR, now)) {
            return Ok(usable.keys);
        }
        match (&self.literal, stored) {
            (Some(literal), _) => Ok(Arc::clone(literal)),
            (None, Err(error)) => Err(Problem::unavailable(format!("{failure}; {error}"))),
            (None, Ok(_)) => Err(Problem::unavailable(failure)),
        }
    }

    /// Newer keys than [`PublicKeys::current`] gave, for a key id that is not among those; `None` when there are none,
    /// or when they were looked for a moment ago.
    pub async fn newer(&self, headers: &HeaderMap, now: Timestamp) -> Option<Arc<KeySet>> {
        let is_due = self.with_memory(|memory| {
            let is_due = is_due(memory.looked_at, now) && is_due(memory.asked_at, now);
            if is_due {
                memory.looked_at = Some(now);
            }
            is_due
        });
        if !is_due {
            return None;
        }
        if let Ok(Some(stored)) = self.stored(now).await {
            if self.adopt(&stored) {
                return Some(stored.keys);
            }
            if stored.is_younger_than(ASK_EVERY, now) {
                return None;
            }
        }
        self.ask(headers, now).await.ok()
    }

    /// Takes these keys for the instance's own, if they are newer than those.
    fn adopt(&self, newer: &Known) -> bool {
        self.with_memory(|memory| {
            let is_newer = memory
                .known
                .as_ref()
                .is_none_or(|known| known.given_at < newer.given_at);
            if is_newer {
                memory.known = Some(newer.clone());
            }
            is_newer
        })
    }

    /// Asks the issuer, and keeps what it says.
    async fn ask(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<KeySet>, IssuerError> {
        self.with_memory(|memory| memory.asked_at = Some(now));
        let jwks = self.issuer.jwks(context_of(headers)).await?;
        let keys = KeySet::parse(&jwks).map_err(|error| IssuerError(error.to_string()))?;
        if keys.is_empty() {
            return Err(IssuerError("its JWK Set has no key that we know".to_owned()));
        }
        let keys = Arc::new(keys);
        let known = Known {
            keys: Arc::clone(&keys),
            given_at: now,
        };
        self.with_memory(|memory| memory.known = Some(known));
        let stored = Stored {
            jwks: String::from_utf8_lossy(&jwks).into_owned(),
            given_at: now,
        };
        // For the other instances; this one has them.
        let _ = self.ports.kv.set_json(STORED_AT, &stored).await;
        Ok(keys)
    }

    /// The keys in the store. Keys from the future were written by a clock that was wrong, and would stay fresh until
    /// it is right: they are as good as none.
    async fn stored(&self, now: Timestamp) -> Result<Option<Known>, KvError> {
        let stored = self.ports.kv.get_json::<Stored>(STORED_AT).await?;
        let Some(stored) = stored.filter(|stored| stored.given_at <= now + CLOCK_SKEW) else {
            return Ok(None);
        };
        let keys = KeySet::parse(stored.jwks.as_bytes())
            .ok()
            .filter(|keys| !keys.is_empty());
        Ok(keys.map(|keys| Known {
            keys: Arc::new(keys),
            given_at: stored.given_at,
        }))
    }

    fn with_memory<T>(&self, use_it: impl FnOnce(&mut Memory) -> T) -> T {
        use_it(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether it is time again for what was last done then.
fn is_due(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now.since(last) >= ASK_EVERY)
}
