//! `Idempotency-Key`: a create that is sent twice makes one memo (draft-ietf-httpapi-idempotency-key-header).
//!
//! The record at `memo/{user}/idem/{hash of the key}` says which memo the key stands for. It is written before the
//! memo, by a claim, and marked done after it:
//!
//! - stopped before the memo was written: a retry finds the record undone and no memo. While the first may still be
//!   under way ([`TAKEOVER_AFTER`]) it is told so (409); later it takes the key over, with a new id;
//! - stopped before the mark: a retry finds the memo and answers with it.
//!
//! Records stay: stores know no time to live, and a client may retry after a long time offline.

use std::time::Duration;

use axum::extract::FromRequestParts;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    claim::{self, Outcome, Step},
    clock::Timestamp,
    extract::header_text,
    kv::{KvError, encode},
    ports::Ports,
    problem::Problem,
};
use http::{HeaderName, HeaderValue, header, request::Parts};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    catalog::Catalog,
    memo::{Memo, MemoId, Text},
};

/// How long a create may be under way: two windows of a claim, after which its writes have landed or never will.
pub const TAKEOVER_AFTER: Duration = claim::WINDOW.saturating_mul(2);

/// The longest key, in bytes; a UUID has 36.
const KEY_MAX_BYTES: usize = 128;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The client's name for one create, as a hash that fits into a store's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The key of a request, where it has one.
pub struct OptionalKey(pub Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match header_text(&parts.headers, &IDEMPOTENCY_KEY)? {
            None => Ok(Self(None)),
            Some(key) if (1..=KEY_MAX_BYTES).contains(&key.len()) => Ok(Self(Some(IdempotencyKey(digest(key))))),
            Some(_) => Err(Problem::bad_request(format!(
                "Idempotency-Key has 1 to {KEY_MAX_BYTES} characters."
            ))),
        }
    }
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    version: u64,
    /// A hash of the request's text: the same key with another text is a mistake of the client's.
    fingerprint: String,
    id: MemoId,
    started_at: Timestamp,
    done: bool,
}

/// Why a create with a key was not made.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key stands for another text.
    Reused,
    /// The first request with this key may still be under way.
    UnderWay,
    /// The key's memo was made and has been deleted since.
    Deleted,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Reused => Self::idempotency_key_reused("This Idempotency-Key came with another text before."),
            Refusal::UnderWay => Self::conflict("The first request with this Idempotency-Key is under way.")
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("5")),
            Refusal::Deleted => Self::not_found("The memo of this Idempotency-Key has been deleted."),
        }
    }
}

/// Creates the memo that `key` stands for, or finds it.
///
/// # Errors
/// Those of the store; a retry with the same key finishes or finds what was begun.
pub async fn create_once(
    catalog: &Catalog<'_>,
    ports: &Ports,
    key: &IdempotencyKey,
    text: Text,
) -> Result<Result<(MemoId, Memo), Refusal>, KvError> {
    let record_key = catalog.key(format_args!("idem/{}", key.0));
    let fingerprint = digest(text.as_str());
    let seen: Option<Record> = ports.kv.get_json(&record_key).await?;
    // Before the memo is looked for: that it is not there says something only if its create was over by then.
    let now = ports.clock.now();
    let version = match &seen {
        None => 0,
        Some(record) if record.fingerprint != fingerprint => return Ok(Err(Refusal::Reused)),
        Some(record) => match catalog.read(record.id).await? {
            Some(memo) => return Ok(Ok((record.id, memo))),
            None if record.done => return Ok(Err(Refusal::Deleted)),
            None if now.since(record.started_at) < TAKEOVER_AFTER => return Ok(Err(Refusal::UnderWay)),
            None => record.version,
        },
    };

    let started_at = ports.clock.now();
    let id = catalog.next_id(started_at).await?;
    let mut record = Record {
        version: version.saturating_add(1),
        fingerprint,
        id,
        started_at,
        done: false,
    };
    let begun = encode(&record)?;
    let outcome = claim::advance(ports, &record_key, version, |stored| {
        let unchanged = match (&stored, &seen) {
            (None, None) => true,
            (Some(stored), Some(seen)) => encode(seen).is_ok_and(|seen| seen == *stored),
            _ => false,
        };
        if unchanged {
            Step::Write(begun, ())
        } else {
            Step::Leave(())
        }
    });
    match outcome.await? {
        Outcome::Done(()) => {}
        // Another request with the same key came first, and is at it.
        Outcome::Left(()) | Outcome::Busy => return Ok(Err(Refusal::UnderWay)),
    }
    let memo = catalog.create_at(id, text, started_at).await?;
    record.done = true;
    if ports.clock.now().since(started_at) < claim::FRESH {
        // Without the mark a retry finds the memo all the same, so a failure here is none of the create's.
        let _ = ports.kv.set_json(&record_key, &record).await;
    }
    Ok(Ok((id, memo)))
}
