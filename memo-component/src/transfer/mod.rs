//! Memos on their way out of an account and into one: the formats, and nothing of the store or of HTTP.
//!
//! Read in this order: this file (what travels), [`ndjson`] (the format that loses nothing), [`markdown`] (the one for
//! people), [`json`] (what else is understood: usememos and Google Keep), [`lines`] and [`archive`] (streams cut into parts).

pub mod archive;
mod inflate;
pub mod json;
mod keep;
pub mod lines;
pub mod markdown;
pub mod ndjson;
mod usememos;
pub mod zip;

use std::time::Duration;

use common::world::clock::Timestamp;

use crate::{
    catalog::history::Earlier,
    memo::{Memo, Text},
};

/// How far in the future a memo may have been written: clocks differ, and so do time zones of careless programs.
pub const AHEAD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How many earlier texts of one memo are read; the newest of them are kept, as always.
const HISTORY_MAX: usize = 1_000;

/// A memo without anything that belongs to an account: no id, no version, no quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portable {
    /// What it says.
    pub text: Text,
    /// When it was written first; `None` where that is not known.
    pub created_at: Option<Timestamp>,
    /// When it got this text; `None`: when it was written first.
    pub updated_at: Option<Timestamp>,
    /// Whether it stays at the top.
    pub pinned: bool,
    /// Whether it is put away.
    pub archived: bool,
    /// Since when it is in the trash.
    pub trashed_at: Option<Timestamp>,
    /// Its earlier texts, oldest first.
    pub history: Vec<EarlierText>,
}

/// An earlier text of a memo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierText {
    /// The text.
    pub text: Text,
    /// When it was written.
    pub written_at: Timestamp,
}

impl Portable {
    /// A memo of which nothing is known but what it says.
    ///
    /// # Errors
    /// When nobody may write such a text.
    pub fn new(text: String) -> Result<Self, String> {
        Ok(Self {
            text: Text::try_from(text)?,
            created_at: None,
            updated_at: None,
            pinned: false,
            archived: false,
            trashed_at: None,
            history: Vec::new(),
        })
    }

    /// The memo as it is stored, with earlier texts newest first.
    pub fn of(memo: Memo, earlier: Vec<Earlier>) -> Self {
        let history = earlier.into_iter().rev().map(|earlier| EarlierText {
            text: earlier.text,
            written_at: earlier.written_at,
        });
        Self {
            text: memo.text,
            created_at: Some(memo.created_at),
            updated_at: Some(memo.updated_at),
            pinned: memo.pinned,
            archived: memo.archived,
            trashed_at: memo.trashed_at,
            history: history.collect(),
        }
    }

    /// The same memo, if nothing of it lies in the future.
    ///
    /// # Errors
    /// When something does, as a sentence.
    pub fn checked(self, now: Timestamp) -> Result<Self, String> {
        let written = self.history.iter().map(|earlier| earlier.written_at);
        let mut times = [self.created_at, self.updated_at, self.trashed_at]
            .into_iter()
            .flatten()
            .chain(written);
        if times.any(|time| time > now + AHEAD_MAX) {
            return Err("Its times must not lie in the future.".to_owned());
        }
        if self.history.len() > HISTORY_MAX {
            return Err(format!("It must have at most {HISTORY_MAX} earlier texts."));
        }
        Ok(self)
    }

    /// About how many bytes of memory it takes.
    pub fn about_bytes(&self) -> usize {
        let earlier: usize = self.history.iter().map(|earlier| earlier.text.as_str().len()).sum();
        self.text.as_str().len().saturating_add(earlier)
    }
}

/// Where in what was sent something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line, counted from 1.
    Line(u64),
    /// An entry of an archive, by its name.
    Entry(String),
}

/// A part of what was sent: the memos that it holds, or why it can't be read, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it stands.
    pub place: Place,
    /// What it holds.
    pub memos: Result<Vec<Portable>, String>,
}

/// Why nothing more can be read of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is not of the format that it is said to be of; a sentence.
    Format(&'static str),
    /// It is more than is read; a sentence.
    TooLarge(&'static str),
}

/// Reads what is sent, piece by piece, and keeps no more of it than one part.
pub enum Reader {
    /// Lines of JSON.
    Ndjson(ndjson::Reader),
    /// A zip archive.
    Archive(Box<archive::Reader>),
}

impl Reader {
    /// The next part that is complete with what `input` has; takes from its front what was read.
    ///
    /// # Errors
    /// When nothing more can be read.
    pub fn next(&mut self, input: &mut &[u8], now: Timestamp) -> Result<Option<Part>, Broken> {
        match self {
            Self::Ndjson(reader) => reader.next(input, now),
            Self::Archive(reader) => reader.next(input, now),
        }
    }

    /// What is left when there is no more to come, one by one: also what tells that there should have been more.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn finish(&mut self, now: Timestamp) -> Result<Option<Part>, Broken> {
        match self {
            Self::Ndjson(reader) => reader.finish(now),
            Self::Archive(reader) => reader.finish(),
        }
    }
}
