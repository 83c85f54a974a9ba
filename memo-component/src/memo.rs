//! A memo and the types of its parts. Past these constructors there are no raw strings and numbers for them.

use std::{fmt, str::FromStr};

use common::{store::record::Versioned, world::clock::Timestamp};
use serde::{Deserialize, Serialize};

/// The longest text of a memo, in bytes of UTF-8. As JSON it has up to six times as many: a page of a listing is bounded
/// in bytes for that reason ([`crate::catalog::page::PAGE_MAX_BYTES`]).
pub const TEXT_MAX_BYTES: usize = 64 * 1024;

/// Names one of a person's memos. Newer memos have larger ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemoId(pub u64);

impl fmt::Display for MemoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MemoId {
    type Err = &'static str;

    /// Reads the one spelling of an id: decimal, without sign or leading zeros.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) if id > 0 && text.starts_with(|first: char| ('1'..='9').contains(&first)) => Ok(Self(id)),
            _ => Err("not the id of a memo"),
        }
    }
}

/// Counts a memo's changes; 1 is the memo as it was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The version of a new memo.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The version as a strong entity tag (RFC 9110 §8.8.3).
    pub fn etag(self) -> String {
        format!("\"{}\"", self.0)
    }
}

/// What a memo says: not blank, and at most [`TEXT_MAX_BYTES`].
///
/// The rule is for what people write now, and requests go through [`Text::try_from`]. A stored text is read as it is, so
/// that a stricter rule takes nobody's memos away.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    /// Tells the length only: what people write is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("It must not be blank.".to_owned());
        }
        if text.len() > TEXT_MAX_BYTES {
            return Err(format!(
                "It must have at most {TEXT_MAX_BYTES} bytes of UTF-8, and has {}.",
                text.len()
            ));
        }
        Ok(Self(text))
    }
}

/// What a person writes into a memo: everything but its times and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    /// What it says.
    pub text: Text,
}

/// A memo as it is stored, under a key that holds its owner and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    /// What it says.
    pub text: Text,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: Version,
}

impl Versioned for Memo {
    fn version(&self) -> u64 {
        self.version.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!("17".parse(), Ok(MemoId(17)));
        for wrong in [
            "",
            "0",
            "017",
            "+1",
            "-1",
            "1 ",
            "1.0",
            "x",
            "99999999999999999999",
            "١",
        ] {
            assert!(wrong.parse::<MemoId>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_text_is_not_blank_and_not_too_long() {
        assert!(Text::try_from(" \n\t\u{3000}".to_owned()).is_err());
        assert!(Text::try_from("가".repeat(TEXT_MAX_BYTES / 3)).is_ok());
        assert!(Text::try_from("가".repeat(TEXT_MAX_BYTES / 3 + 1)).is_err());
    }

    #[test]
    fn a_text_does_not_show_in_debug_output() {
        let text = Text::try_from("secret".to_owned()).unwrap();
        assert_eq!(format!("{text:?}"), "Text(6 bytes)");
    }
}
