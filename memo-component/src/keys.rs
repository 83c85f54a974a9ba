//! The issuer's public keys, and who a request comes from.
//!
//! Keys are looked for in this order: the instance's own memory; the store (`memo/jwks`), which all instances share;
//! the issuer; the variable `jwks`. While the issuer is away, keys up to a day old serve, so people who hold a token
//! go on. A token with an unknown key id makes the service ask the issuer once more, at most every [`ASK_EVERY`].

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use common::{
    clock::Timestamp,
    ports::Ports,
    problem::Problem,
    token::{AccessToken, CLOCK_SKEW, KeySet, TokenError, Verifier, bearer},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

/// How long keys are used before the issuer is asked for newer ones.
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// How old keys may be while the issuer does not answer.
const USABLE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The issuer is asked no more often than this, whatever key ids people make up and however long it is away.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// How many verified tokens an instance remembers: about 1 MB, and more people than an instance serves in its life.
const REMEMBERED_MAX: usize = 1024;

/// Where the keys lie that all instances share.
const STORED_AT: &str = "memo/jwks";

/// The issuer did not give its keys.
#[derive(Debug, thiserror::Error)]
#[error("the issuer did not give its keys: {0}")]
pub struct IssuerError(pub String);

/// The token issuer, as far as this service knows it.
#[async_trait]
pub trait Issuer: Send + Sync {
    /// Its JWK Set (RFC 7517). `context` are the headers that tie the question to the request that caused it.
    async fn jwks(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError>;
}

/// Keys, and when the issuer gave them.
#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    given_at: Timestamp,
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
    asked_at: Option<Timestamp>,
    verified: HashMap<Box<str>, Arc<AccessToken>>,
}

/// Finds out who a request comes from. One per instance.
pub struct Authenticator {
    ports: Ports,
    verifier: Verifier,
    issuer: Arc<dyn Issuer>,
    literal: Option<Arc<KeySet>>,
    memory: Mutex<Memory>,
}

impl Authenticator {
    /// `literal` is a JWK Set to fall back to; empty for none.
    ///
    /// # Errors
    /// When `literal` is not a JWK Set with a usable key.
    pub fn new(ports: Ports, verifier: Verifier, issuer: Arc<dyn Issuer>, literal: &str) -> Result<Self, String> {
        let literal = match literal.trim() {
            "" => None,
            literal => {
                let keys = KeySet::parse(literal.as_bytes()).map_err(|error| format!("variable jwks: {error}"))?;
                if keys.is_empty() {
                    return Err("variable jwks: it holds no Ed25519 key with a kid".to_owned());
                }
                Some(Arc::new(keys))
            }
        };
        Ok(Self {
            ports,
            verifier,
            issuer,
            literal,
            memory: Mutex::default(),
        })
    }

    /// The verified token of the request.
    ///
    /// # Errors
    /// 401 without a good token; 503 when no keys are to be had to check it with.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<AccessToken>, Problem> {
        let token = bearer(headers)?;
        let now = self.ports.clock.now();
        if let Some(verified) = self.with_memory(|memory| memory.verified.get(token).cloned()) {
            // It was good; all that can have changed is the time.
            return if now < verified.expires_at + CLOCK_SKEW {
                Ok(verified)
            } else {
                Err(TokenError::Expired.into())
            };
        }
        let keys = self.keys(headers, now, FRESH_FOR).await?;
        let verified = match self.verifier.verify(token, &keys, now) {
            Err(TokenError::UnknownKey) => {
                // The issuer may have a new key since.
                let keys = self.keys(headers, now, Duration::ZERO).await?;
                self.verifier.verify(token, &keys, now)
            }
            known => known,
        };
        let verified = Arc::new(verified?);
        self.remember(token, &verified, now);
        Ok(verified)
    }

    fn remember(&self, token: &str, verified: &Arc<AccessToken>, now: Timestamp) {
        self.with_memory(|memory| {
            if memory.verified.len() >= REMEMBERED_MAX {
                memory.verified.retain(|_, token| now < token.expires_at);
            }
            if memory.verified.len() >= REMEMBERED_MAX {
                memory.verified.clear();
            }
            memory.verified.insert(token.into(), Arc::clone(verified));
        });
    }

    /// Keys that the issuer gave at most `max_age` ago, or the best there are.
    async fn keys(&self, headers: &HeaderMap, now: Timestamp, max_age: Duration) -> Result<Arc<KeySet>, Problem> {
        let good = |known: &Known, max_age: Duration| now.since(known.given_at) < max_age;
        let in_memory = || self.with_memory(|memory| memory.known.clone());
        if let Some(known) = in_memory().filter(|known| good(known, max_age)) {
            return Ok(known.keys);
        }
        // Requests that arrive together may look together. To wait for one of them would save little and could hang:
        // in an instance of WASI 0.3 one request's task does not wake another's.
        let stored = self.stored().await;
        if let Ok(Some(known)) = &stored {
            let newer = in_memory().is_none_or(|ours| ours.given_at < known.given_at);
            if newer {
                self.with_memory(|memory| memory.known = Some(known.clone()));
            }
            // For an unknown key id, keys that this instance had not seen are worth a try before asking.
            if good(known, max_age) || (max_age.is_zero() && newer) {
                return Ok(Arc::clone(&known.keys));
            }
        }
        let failure = match self.ask(headers, now).await {
            Ok(keys) => return Ok(keys),
            Err(failure) => failure,
        };
        if let Some(known) = in_memory().filter(|known| good(known, USABLE_FOR)) {
            return Ok(known.keys);
        }
        match (&self.literal, stored) {
            (Some(literal), _) => Ok(Arc::clone(literal)),
            (None, Err(error)) => Err(Problem::unavailable(format!("{failure}; {error}"))),
            (None, Ok(_)) => Err(Problem::unavailable(failure)),
        }
    }

    /// Asks the issuer, if it was not asked a moment ago, and keeps what it says.
    async fn ask(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<KeySet>, IssuerError> {
        // Who has no keys at all asks each time: one lost answer must not turn people away for longer than that.
        let just_asked = self.with_memory(|memory| {
            let just_asked = memory.asked_at.is_some_and(|asked_at| now.since(asked_at) < ASK_EVERY);
            if !just_asked {
                memory.asked_at = Some(now);
            }
            just_asked && memory.known.is_some()
        });
        if just_asked {
            return Err(IssuerError("it was asked a moment ago".to_owned()));
        }
        let mut context = HeaderMap::new();
        for name in ["traceparent", "tracestate", "x-request-id"] {
            if let Some(value) = headers.get(name) {
                context.insert(name, value.clone());
            }
        }
        let jwks = self.issuer.jwks(context).await?;
        let keys = KeySet::parse(&jwks).map_err(|error| IssuerError(error.to_string()))?;
        if keys.is_empty() {
            return Err(IssuerError("its JWK Set has no key that we know".to_owned()));
        }
        let keys = Arc::new(keys);
        self.with_memory(|memory| {
            memory.known = Some(Known {
                keys: Arc::clone(&keys),
                given_at: now,
            })
        });
        let stored = Stored {
            jwks: String::from_utf8_lossy(&jwks).into_owned(),
            given_at: now,
        };
        // For the other instances; this one has them.
        let _ = self.ports.kv.set_json(STORED_AT, &stored).await;
        Ok(keys)
    }

    async fn stored(&self) -> Result<Option<Known>, common::kv::KvError> {
        let Some(stored) = self.ports.kv.get_json::<Stored>(STORED_AT).await? else {
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
