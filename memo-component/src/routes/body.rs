//! What clients write.

use common::{
    http::problem::{FieldError, Problem},
    world::clock::{Timestamp, rfc3339},
};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    memo::{Content, Edit, Text},
    transfer::AHEAD_MAX,
};

/// A new memo.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    #[serde(deserialize_with = "text")]
    text: Text,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default, deserialize_with = "rfc3339::option::deserialize")]
    created_at: Option<Timestamp>,
}

impl CreateBody {
    /// What the memo is made of.
    ///
    /// # Errors
    /// When it was written first in the future.
    pub fn into_content(self, now: Timestamp) -> Result<Content, Problem> {
        if self.created_at.is_some_and(|created_at| created_at > now + AHEAD_MAX) {
            let refused = FieldError::new("created_at", "It must not lie in the future.");
            return Err(Problem::invalid_request(vec![refused]));
        }
        Ok(Content {
            text: self.text,
            pinned: self.pinned,
            archived: self.archived,
            created_at: self.created_at,
        })
    }
}

/// A memo anew. What is left out stays as it is: programs from before there was more than a text send the text alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceBody {
    #[serde(deserialize_with = "text")]
    text: Text,
    pinned: Option<bool>,
    archived: Option<bool>,
}

impl From<ReplaceBody> for Edit {
    fn from(body: ReplaceBody) -> Self {
        Self {
            text: Some(body.text),
            pinned: body.pinned,
            archived: body.archived,
            trashed: None,
        }
    }
}

/// A merge patch (RFC 7396): `null` removes a member, so it unpins, unarchives, and takes out of the trash.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchBody {
    #[serde(default, deserialize_with = "some_text")]
    text: Option<Text>,
    #[serde(default, deserialize_with = "some_bool")]
    pinned: Option<bool>,
    #[serde(default, deserialize_with = "some_bool")]
    archived: Option<bool>,
    #[serde(default, rename = "trashed_at", deserialize_with = "out_of_trash")]
    trashed: Option<bool>,
}

impl From<PatchBody> for Edit {
    fn from(body: PatchBody) -> Self {
        Self {
            text: body.text,
            pinned: body.pinned,
            archived: body.archived,
            trashed: body.trashed,
        }
    }
}

/// A text that obeys the rule for new ones.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    let text = String::deserialize(deserializer)?;
    Text::try_from(text).map_err(D::Error::custom)
}

fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    text(deserializer).map(Some)
}

/// The same, or none: `null` is as good as absent.
pub fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(Text::try_from).transpose().map_err(D::Error::custom)
}

fn some_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value: Option<bool> = Option::deserialize(deserializer)?;
    Ok(Some(value.unwrap_or(false)))
}

fn out_of_trash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<serde::de::IgnoredAny>::deserialize(deserializer)? {
        None => Ok(Some(false)),
        Some(_) => Err(D::Error::custom(
            "It can be null, which takes the memo out of the trash; DELETE puts it there.",
        )),
    }
}
