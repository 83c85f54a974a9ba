//! Memos as the API shows them.

use serde::Deserialize;
use serde_json::Value;

use super::response::Response;

/// A memo, with all its fields and no others.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(deny_unknown_fields)]
pub struct Memo {
    pub id: String,
    pub text: String,
    pub tags: Vec<String>,
    pub pinned: bool,
    pub archived: bool,
    pub created_at: String,
    pub updated_at: String,
    // Not `default`: a memo without the field is an error.
    #[serde(deserialize_with = "Option::deserialize")]
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

/// A part of the feed of changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    pub items: Vec<Change>,
    pub next: String,
    pub more: bool,
}

/// A memo that is not as it was.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub id: String,
    pub version: u64,
    pub deleted: bool,
    pub memo: Option<Memo>,
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
        memo.checked()
    }

    /// The memo in a part of an answer.
    #[track_caller]
    pub fn in_value(value: &Value) -> Self {
        let memo: Self = serde_json::from_value(value.clone()).unwrap_or_else(|why| panic!("{why}: {value}"));
        memo.checked()
    }

    #[track_caller]
    fn checked(self) -> Self {
        assert!(
            self.id.parse::<u64>().is_ok_and(|id| id.to_string() == self.id),
            "id is no decimal number: {self:?}"
        );
        assert!(
            is_time(&self.created_at) && is_time(&self.updated_at),
            "not RFC 3339 in UTC with ms: {self:?}"
        );
        assert!(self.trashed_at.as_deref().is_none_or(is_time), "{self:?}");
        self
    }
}

/// `2026-11-21T09:00:00.000Z`.
pub fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}
