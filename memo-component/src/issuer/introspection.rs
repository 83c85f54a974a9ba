//! Whether a personal token is still good, as the issuer tells it (RFC 7662).
//!
//! The list of sessions that have ended ([`revocations`](super::revocations)) tells an end for as long as a session's token may
//! live, which is minutes. A personal token lives up to a year, so it is the other way round: it is refused unless the issuer
//! has called it active within the last 15 seconds. Only while the issuer does not answer, an older answer serves for ten
//! minutes, about as long as a session's token would; after that nobody can tell, and the answer is 503.
//!
//! Answers are looked for in this order: the instance's own memory; the store, which all instances share, at one of
//! [`PLACES`] places (`memo/introspected/{place}`) where another token's answer may take its place; the issuer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    http::{problem::Problem, trace_context::passed_on},
    token::{CLOCK_SKEW, TokenText},
    world::{Ports, clock::Timestamp},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Issuer, IssuerError};

/// How long an answer is used before the issuer is asked again.
pub const MAX_AGE: Duration = Duration::from_secs(15);

/// How old an answer may be while the issuer does not answer.
pub const STALE_IF_ERROR: Duration = Duration::from_secs(10 * 60);

/// How long an instance goes on with an older answer before it tries an issuer again that has just failed.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How many answers the store holds at most, whoever makes how many tokens.
const PLACES: u16 = 1024;

/// How many answers an instance remembers.
const REMEMBERED_MAX: usize = 1024;

/// Whether a token was active, and since when that is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    /// Which token: its hash, because another one may have the same place.
    token: String,
    active: bool,
    /// When the issuer was asked; it answered later.
    asked_at: Timestamp,
}

impl Answer {
    fn is_younger_than(&self, age: Duration, now: Timestamp) -> bool {
        // One from the future was written by a clock that was wrong, and would stay young until it is right.
        self.asked_at <= now + CLOCK_SKEW && now.since(self.asked_at) < age
    }
}

/// What an instance knows of a token.
#[derive(Clone, Default)]
struct Known {
    answer: Option<Answer>,
    /// When the issuer last failed to answer.
    failed_at: Option<Timestamp>,
}

impl Known {
    /// The answer, where it is younger than this.
    fn within(&self, age: Duration, now: Timestamp) -> Option<bool> {
        let answer = self.answer.as_ref().filter(|answer| answer.is_younger_than(age, now))?;
        Some(answer.active)
    }

    fn has_just_failed(&self, now: Timestamp) -> bool {
        self.failed_at.is_some_and(|at| now.since(at) < ASK_AGAIN_AFTER)
    }
}

/// RFC 7662 §2.2.
#[derive(Deserialize)]
struct IntrospectionBody {
    active: bool,
}

/// What the issuer said of personal tokens, as an instance knows it.
pub struct Introspection {
    ports: Ports,
    issuer: Arc<dyn Issuer>,
    memory: Mutex<HashMap<String, Known>>,
}

impl Introspection {
    /// Asks this issuer.
    pub fn new(ports: Ports, issuer: Arc<dyn Issuer>) -> Self {
        Self {
            ports,
            issuer,
            memory: Mutex::default(),
        }
    }

    /// Whether the issuer calls the token active. `headers` are those of the request that brings it.
    ///
    /// # Errors
    /// 503 when the issuer does not answer, and has not done so for long.
    pub async fn is_active(&self, headers: &HeaderMap, token: &TokenText, now: Timestamp) -> Result<bool, Problem> {
        let digest = Sha256::digest(token.0.as_bytes());
        let place = format!("memo/introspected/{}", place(&digest));
        let id = URL_SAFE_NO_PAD.encode(digest);
        let mut known = self.recall(&id);
        if known.within(MAX_AGE, now).is_none() {
            known.answer = newer(known.answer, self.stored(&place, &id).await);
        }
        let stale = known.within(STALE_IF_ERROR, now);
        let usable = if known.has_just_failed(now) {
            stale
        } else {
            known.within(MAX_AGE, now)
        };
        if let Some(active) = usable {
            self.remember(id, known, now);
            return Ok(active);
        }
        // Requests that arrive together may ask together: an old answer is not used because somebody else is asking.
        match self.ask(headers, token).await {
            Ok(active) => {
                let answer = Answer {
                    token: id.clone(),
                    active,
                    asked_at: now,
                };
                self.store(&place, &answer).await;
                let known = Known {
                    answer: Some(answer),
                    failed_at: None,
                };
                self.remember(id, known, now);
                Ok(active)
            }
            Err(error) => {
                known.failed_at = Some(now);
                self.remember(id, known, now);
                let message = "it is not known whether a personal token is still good";
                self.ports.warn(message, &error);
                stale.ok_or_else(|| Problem::unavailable(error))
            }
        }
    }

    async fn ask(&self, headers: &HeaderMap, token: &TokenText) -> Result<bool, IssuerError> {
        let answer = self.issuer.introspect(&token.0, passed_on(headers)).await?;
        let answer: IntrospectionBody =
            serde_json::from_slice(&answer).map_err(|error| IssuerError(error.to_string()))?;
        Ok(answer.active)
    }

    async fn stored(&self, place: &str, id: &str) -> Option<Answer> {
        match self.ports.kv.get_json::<Answer>(place).await {
            Ok(answer) => answer.filter(|answer| answer.token == id),
            Err(error) => {
                self.ports
                    .warn("what the issuer said of a personal token can't be read", error);
                None
            }
        }
    }

    /// For the other instances, and for the time when the issuer is away.
    async fn store(&self, place: &str, answer: &Answer) {
        if let Err(error) = self.ports.kv.set_json(place, answer).await {
            self.ports.warn(
                "other instances do not get what the issuer said of a personal token",
                error,
            );
        }
    }

    fn recall(&self, id: &str) -> Known {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(id).cloned().unwrap_or_default()
    }

    fn remember(&self, id: String, known: Known, now: Timestamp) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= REMEMBERED_MAX {
            memory.retain(|_, known| known.within(MAX_AGE, now).is_some());
        }
        if memory.len() >= REMEMBERED_MAX {
            memory.clear();
        }
        // Of requests at one time, the one that asked later knows better.
        let before = memory.remove(&id).and_then(|before| before.answer);
        let answer = newer(before, known.answer);
        memory.insert(id, Known { answer, ..known });
    }
}

/// The later one of two answers.
fn newer(one: Option<Answer>, other: Option<Answer>) -> Option<Answer> {
    [one, other].into_iter().flatten().max_by_key(|answer| answer.asked_at)
}

fn place(digest: &[u8]) -> u16 {
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    u16::from_be_bytes(bytes) % PLACES
}
