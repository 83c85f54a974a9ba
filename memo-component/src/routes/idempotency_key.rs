//! `Idempotency-Key`, as an extractor (draft-ietf-httpapi-idempotency-key-header).

use axum::extract::FromRequestParts;
use common::http::{extract::header_text, problem::Problem};
use http::{HeaderName, request::Parts};

use crate::catalog::once::CreateKey;

/// The longest key, in bytes; a UUID has 36.
const KEY_MAX_BYTES: usize = 128;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The client's name for one create, where it gives one.
pub struct IdempotencyKey(pub Option<CreateKey>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match header_text(&parts.headers, &IDEMPOTENCY_KEY)? {
            None => Ok(Self(None)),
            Some(key) => Self::parse(key).map(|key| Self(Some(key))),
        }
    }
}

impl IdempotencyKey {
    /// Reads the header's value, or what stands for it elsewhere.
    ///
    /// # Errors
    /// 400 when it is too long, or empty.
    pub fn parse(key: &str) -> Result<CreateKey, Problem> {
        if (1..=KEY_MAX_BYTES).contains(&key.len()) {
            return Ok(CreateKey::new(key));
        }
        Err(Problem::bad_request(format!(
            "Idempotency-Key has 1 to {KEY_MAX_BYTES} characters."
        )))
    }
}
