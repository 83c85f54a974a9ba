//! Memos and errors as the API shows them.

use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use common::{
    http::{problem::Problem, problems},
    token::TokenError,
    world::clock::{Timestamp, rfc3339},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use crate::{
    catalog::{Error, once},
    memo::{Memo, MemoId, Text, Version},
    tags::tags_of,
};

/// A memo.
#[derive(Serialize)]
pub struct MemoBody {
    id: String,
    text: Text,
    tags: Vec<String>,
    pinned: bool,
    archived: bool,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    #[serde(with = "rfc3339")]
    updated_at: Timestamp,
    #[serde(serialize_with = "rfc3339::option::serialize")]
    trashed_at: Option<Timestamp>,
    version: Version,
}

impl MemoBody {
    /// The memo as it is stored at this id.
    pub fn new(id: MemoId, memo: Memo) -> Self {
        Self {
            id: id.to_string(),
            tags: tags_of(memo.text.as_str()),
            text: memo.text,
            pinned: memo.pinned,
            archived: memo.archived,
            created_at: memo.created_at,
            updated_at: memo.updated_at,
            trashed_at: memo.trashed_at,
            version: memo.version,
        }
    }

    /// About how many bytes it has as JSON: what an ordinary text needs beside itself is known.
    pub fn about_bytes(&self) -> usize {
        self.text.as_str().len().saturating_add(256)
    }

    /// The memo as a part of another answer.
    pub fn value(id: MemoId, memo: Memo) -> Value {
        serde_json::to_value(Self::new(id, memo)).unwrap_or_default()
    }
}

/// An answer of about so many bytes. Memory for it is taken at once: `axum::Json` begins with 128 bytes, and copies what it
/// has at each of the doublings that a page needs.
///
/// # Errors
/// None that can happen.
pub fn long_json(about_bytes: usize, body: &impl Serialize) -> Result<Response, Problem> {
    let mut json = Vec::with_capacity(about_bytes);
    serde_json::to_writer(&mut json, body).map_err(Problem::internal)?;
    let content_type = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, content_type)], json).into_response())
}

/// The entity tag of a version.
///
/// # Errors
/// None that can happen.
pub fn etag(version: Version) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(version.etag()).map_err(Problem::internal)
}

/// A memo with its entity tag.
///
/// # Errors
/// None that can happen.
pub fn memo_response(status: StatusCode, id: MemoId, memo: Memo) -> Result<Response, Problem> {
    let etag = etag(memo.version)?;
    Ok((status, [(header::ETAG, etag)], Json(MemoBody::new(id, memo))).into_response())
}

/// Why something was not done to the memo of that id.
pub fn refusal(id: MemoId, error: Error) -> Problem {
    match error {
        Error::Stale(current) => {
            let version = current.version;
            Problem::stale_version(version.0).with_member("current", MemoBody::value(id, *current))
        }
        error => error.into(),
    }
}

impl From<Error> for Problem {
    /// Without the memo's id, which [`refusal`] knows.
    fn from(error: Error) -> Self {
        match error {
            Error::Absent => Self::not_found("You have no such memo."),
            Error::Stale(current) => Self::stale_version(current.version.0),
            Error::Busy => Self::conflict(
                "The memo is being changed at this moment; read it and decide again.",
                Duration::from_secs(1),
            ),
            Error::InTrash => Self::new(&problems::IN_TRASH, "Take it out of the trash first."),
            Error::Quota(quota) => Self::new(
                &problems::QUOTA_EXCEEDED,
                "Remove something for good, or ask whoever runs this app for more.",
            )
            .with_member("quota", quota.resource.name())
            .with_member("limit", quota.limit)
            .with_member("used", quota.used),
            // The account is being deleted, which has ended its sessions.
            Error::Closed => TokenError::Ended.into(),
            Error::Expired => Self::new(&problems::CURSOR_EXPIRED, "Begin anew, without a cursor."),
            Error::Store(error) => error.into(),
            Error::Random(error) => error.into(),
        }
    }
}

impl From<once::Error> for Problem {
    fn from(error: once::Error) -> Self {
        match error {
            once::Error::Reused => Self::new(
                &problems::IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key came with another content before.",
            ),
            once::Error::UnderWay => Self::conflict(
                "The first request with this Idempotency-Key is under way.",
                Duration::from_secs(5),
            ),
            once::Error::Deleted => Self::not_found("The memo of this Idempotency-Key has been deleted."),
            once::Error::Catalog(error) => error.into(),
        }
    }
}
