//! Memos as the API shows them.

use serde::Deserialize;

use super::response::Response;

/// A memo, with all its fields and no others.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Memo {
    pub id: String,
    pub text: String,
    pub tags: Vec<String>,
    pub pinned: bool,
    pub archived: bool,
    pub created_at: String,
    pub updated_at: String,
    pub trashed_at: Option<String>,
    pub version: u64,
}

/// A page of a listing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    pub items: Vec<Memo>,
    // Not `default`: a page without the field is an error.
    #[serde(deserialize_with = "Option::deserialize")]
    pub next_cursor: Option<String>,
}

impl Memo {
    /// Where the memo lives.
    pub fn path(&self) -> String {
        format!("/api/memos/{}", self.id)
    }

    /// The entity tag of this version.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// The memo in an answer, whose `ETag` must agree with it.
    #[track_caller]
    pub fn of(response: &Response) -> Self {
        let memo: Self = response.json();
        assert_eq!(response.header("etag"), memo.etag(), "{response:?}");
        assert!(
            memo.id.parse::<u64>().is_ok_and(|id| id.to_string() == memo.id),
            "id is no decimal number: {memo:?}"
        );
        assert!(
            is_time(&memo.created_at) && is_time(&memo.updated_at),
            "not RFC 3339 in UTC with ms: {memo:?}"
        );
        memo
    }
}

/// `2026-11-21T09:00:00.000Z`.
pub fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}
