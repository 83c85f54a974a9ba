//! Memos as JSON objects: ours, those of usememos, and notes of Google Keep. Which it is, its members tell.

use std::fmt;

use common::world::clock::{Timestamp, rfc3339};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{EarlierText, Portable, keep, usememos};
use crate::memo::Text;

/// How long a sentence about what is wrong may be, in characters: the library repeats what it did not expect.
const DETAIL_MAX_CHARS: usize = 200;

/// What kind of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The first line of our own format.
    Header,
    /// Its last line.
    Footer,
    /// One of our memos.
    Memo,
    /// A memo of usememos.
    Usememos,
    /// A page of memos, as the API of usememos gives it.
    UsememosPage,
    /// A note of Google Keep.
    Keep,
}

impl Shape {
    /// The kind of object that these bytes are. Reads it and keeps none of it.
    ///
    /// # Errors
    /// When it is no JSON, no object, or none that is known.
    pub fn of(json: &[u8]) -> Result<Self, String> {
        let Known(shape) = parse(json)?;
        shape.ok_or_else(|| "It is no memo of a kind that is known here.".to_owned())
    }
}

/// The memos that an object of this shape holds.
///
/// # Errors
/// Why it can't be read, as a sentence.
pub fn read(shape: Shape, json: &[u8], now: Timestamp) -> Result<Vec<Portable>, String> {
    let memos = match shape {
        Shape::Header | Shape::Footer => Vec::new(),
        Shape::Memo => vec![parse::<Ours>(json)?.try_into()?],
        Shape::Usememos => vec![parse::<usememos::Memo>(json)?.try_into()?],
        Shape::UsememosPage => parse::<usememos::Page>(json)?.try_into()?,
        Shape::Keep => vec![parse::<keep::Note>(json)?.into_memo(now)?],
    };
    memos.into_iter().map(|memo| memo.checked(now)).collect()
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| {
        // A place in this object is not one in the file.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let detail = error.to_string();
        detail.trim_end_matches(&place).chars().take(DETAIL_MAX_CHARS).collect()
    })
}

/// The shape that the members tell, without their values.
struct Known(Option<Shape>);

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Known;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Known, A::Error> {
        let mut shape = None;
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            members.next_value::<IgnoredAny>()?;
            let told = match name.as_ref() {
                "format" => Some(Shape::Header),
                "count" => Some(Shape::Footer),
                "text" => Some(Shape::Memo),
                "content" => Some(Shape::Usememos),
                "memos" => Some(Shape::UsememosPage),
                "textContent" | "listContent" | "userEditedTimestampUsec" => Some(Shape::Keep),
                _ => None,
            };
            shape = shape.or(told);
        }
        Ok(Known(shape))
    }
}

/// One of our memos. What is left out is as it is for a new one, so that a line can be written by hand.
#[derive(Deserialize)]
struct Ours {
    text: String,
    #[serde(default, deserialize_with = "rfc3339::option::deserialize")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "rfc3339::option::deserialize")]
    updated_at: Option<Timestamp>,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default, deserialize_with = "rfc3339::option::deserialize")]
    trashed_at: Option<Timestamp>,
    #[serde(default)]
    history: Vec<OursEarlier>,
}

#[derive(Deserialize)]
struct OursEarlier {
    #[serde(deserialize_with = "text")]
    text: Text,
    #[serde(deserialize_with = "rfc3339::deserialize")]
    written_at: Timestamp,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    Text::try_from(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl TryFrom<Ours> for Portable {
    type Error = String;

    fn try_from(memo: Ours) -> Result<Self, String> {
        let history = memo.history.into_iter().map(|earlier| EarlierText {
            text: earlier.text,
            written_at: earlier.written_at,
        });
        Ok(Self {
            created_at: memo.created_at,
            updated_at: memo.updated_at,
            pinned: memo.pinned,
            archived: memo.archived,
            trashed_at: memo.trashed_at,
            history: history.collect(),
            ..Self::new(memo.text)?
        })
    }
}
