//! A memo and the types of its parts. Past these constructors there are no raw strings and numbers for them.

use std::{fmt, str::FromStr};

use common::{store::record::Versioned, world::clock::Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalog::import::Source;

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

    /// How many KiB of UTF-8 it has, the last of them not full.
    pub fn kib(&self) -> u32 {
        u32::try_from(self.0.len().div_ceil(1024)).unwrap_or(u32::MAX)
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

/// What a new memo is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    /// What it says.
    pub text: Text,
    /// Whether it stays at the top. Left out of idempotency fingerprints where it is not, as are the other two.
    #[serde(skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// Whether it is put away.
    #[serde(skip_serializing_if = "is_false")]
    pub archived: bool,
    /// When it was written first, for a memo that comes from elsewhere. Otherwise: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

impl Content {
    /// A memo that says this.
    pub fn new(text: Text) -> Self {
        Self {
            text,
            pinned: false,
            archived: false,
            created_at: None,
        }
    }
}

/// A change of a memo: what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What it says from now on.
    pub text: Option<Text>,
    /// Whether it stays at the top.
    pub pinned: Option<bool>,
    /// Whether it is put away.
    pub archived: Option<bool>,
    /// Whether it is in the trash.
    pub trashed: Option<bool>,
}

impl Edit {
    /// The change that puts a memo into the trash.
    pub fn to_trash() -> Self {
        Self {
            trashed: Some(true),
            ..Self::default()
        }
    }
}

/// A memo as it is stored, under a key that holds its owner and its id. Fields that came later are left out where they say
/// nothing, so that older records and newer ones of simple memos look the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memo {
    /// What it says.
    pub text: Text,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the text became what it is.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: Version,
    /// Whether it stays at the top.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// Whether it is put away.
    #[serde(default, skip_serializing_if = "is_false")]
    pub archived: bool,
    /// Since when it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<Timestamp>,
    /// What it counts for in its owner's quota.
    #[serde(default, skip_serializing_if = "Charge::is_nothing")]
    pub charge: Charge,
    /// When the newest text in its history was written ([`crate::catalog::history`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_at: Option<Timestamp>,
    /// When its id was taken, where that is not `created_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// What it was when it was imported ([`crate::catalog::import`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Memo {
    /// The first version of a memo whose id was taken at `taken_at`.
    pub fn first(content: Content, taken_at: Timestamp) -> Self {
        let created_at = content.created_at.unwrap_or(taken_at);
        Self {
            charge: Charge::created(&content.text),
            text: content.text,
            created_at,
            updated_at: created_at,
            version: Version::FIRST,
            pinned: content.pinned,
            archived: content.archived,
            trashed_at: None,
            kept_at: None,
            taken_at: (created_at != taken_at).then_some(taken_at),
            source: None,
        }
    }

    /// The next version, as `edit` has it.
    pub fn edited(&self, edit: Edit, now: Timestamp) -> Self {
        let text = edit.text.unwrap_or_else(|| self.text.clone());
        let is_other_text = text != self.text;
        Self {
            // Whoever has no room may still pin a memo from before there were quotas, or delete it.
            charge: if is_other_text {
                self.charge.grown_to(text.kib())
            } else {
                self.charge
            },
            text,
            created_at: self.created_at,
            updated_at: if is_other_text {
                now.max(self.updated_at)
            } else {
                self.updated_at
            },
            version: self.version.next(),
            pinned: edit.pinned.unwrap_or(self.pinned),
            archived: edit.archived.unwrap_or(self.archived),
            trashed_at: match edit.trashed {
                Some(true) => Some(self.trashed_at.unwrap_or(now)),
                Some(false) => None,
                None => self.trashed_at,
            },
            kept_at: self.kept_at,
            taken_at: self.taken_at,
            source: self.source,
        }
    }

    /// When its id was taken from the counter: all smaller ids were given out before.
    pub fn id_taken_at(&self) -> Timestamp {
        self.taken_at.unwrap_or(self.created_at)
    }

    /// Whether it is neither put away nor in the trash.
    pub fn is_active(&self) -> bool {
        !self.archived && self.trashed_at.is_none()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a memo counts for: the longest text that it has had, because its earlier texts are kept as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// What it was created with. Nothing for memos from before there were quotas.
    #[serde(rename = "created", default)]
    pub created_kib: u32,
    /// What it has grown by since.
    #[serde(rename = "grown", default)]
    pub grown_kib: u32,
}

impl Charge {
    /// That of a new memo.
    pub fn created(text: &Text) -> Self {
        Self {
            created_kib: text.kib(),
            grown_kib: 0,
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The charge of the same memo when it has grown by so much more, and that is counted as if it had been created with it.
    pub fn created_later(self, kib: u32) -> Self {
        Self {
            created_kib: self.created_kib.saturating_add(kib),
            ..self
        }
    }

    /// The charge of the same memo with a text of so many KiB.
    fn grown_to(self, kib: u32) -> Self {
        Self {
            grown_kib: self.grown_kib.max(kib.saturating_sub(self.created_kib)),
            ..self
        }
    }
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
