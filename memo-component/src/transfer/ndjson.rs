//! The format that loses nothing: a JSON object a line (NDJSON).
//!
//! The first line names the format and its version, the last one says how many memos there are, so that a file that was cut
//! off is known as one. Between them is a memo a line, oldest first. Nothing in it belongs to an account or to a moment: two
//! exports of the same memos are the same bytes, and so is the export of an account into which one was imported.

use common::world::clock::{Timestamp, rfc3339};
use serde::{Deserialize, Serialize};

use super::{
    Broken, EarlierText, Part, Place, Portable,
    json::{self, Shape},
    lines::{LINE_MAX_BYTES, Line, Lines},
};

/// The name of the format, in its first line.
pub const FORMAT: &str = "memo-export";

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// A memo.
#[derive(Serialize)]
struct MemoLine<'a> {
    text: &'a str,
    #[serde(serialize_with = "rfc3339::option::serialize")]
    created_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339::option::serialize")]
    updated_at: Option<Timestamp>,
    pinned: bool,
    archived: bool,
    #[serde(serialize_with = "rfc3339::option::serialize")]
    trashed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<EarlierLine<'a>>,
}

#[derive(Serialize)]
struct EarlierLine<'a> {
    text: &'a str,
    #[serde(with = "rfc3339")]
    written_at: Timestamp,
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct Footer {
    count: u64,
    /// How many memos could not be read, and are missing.
    #[serde(default, skip_serializing_if = "is_zero")]
    unreadable: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The line before all memos.
///
/// # Errors
/// None that can happen.
pub fn header() -> serde_json::Result<Vec<u8>> {
    line(&Header {
        format: FORMAT.to_owned(),
        version: VERSION,
    })
}

/// The line of a memo.
///
/// # Errors
/// None that can happen.
pub fn memo(memo: &Portable) -> serde_json::Result<Vec<u8>> {
    line(&MemoLine {
        text: memo.text.as_str(),
        created_at: memo.created_at,
        updated_at: memo.updated_at,
        pinned: memo.pinned,
        archived: memo.archived,
        trashed_at: memo.trashed_at,
        history: memo.history.iter().map(EarlierLine::of).collect(),
    })
}

/// The line after all memos.
///
/// # Errors
/// None that can happen.
pub fn footer(count: u64, unreadable: u64) -> serde_json::Result<Vec<u8>> {
    line(&Footer { count, unreadable })
}

fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

impl<'a> EarlierLine<'a> {
    fn of(earlier: &'a EarlierText) -> Self {
        Self {
            text: earlier.text.as_str(),
            written_at: earlier.written_at,
        }
    }
}

/// Reads lines: of this format, with its first and its last line or without them, and of others ([`json`]).
#[derive(Default)]
pub struct Reader {
    lines: Lines,
    /// How many memos there were since the first line of this format, where there was one.
    counted: Option<u64>,
}

impl Reader {
    /// The next line that says something; see [`super::Reader::next`].
    ///
    /// # Errors
    /// For a version of the format that is not known.
    pub fn next(&mut self, input: &mut &[u8], now: Timestamp) -> Result<Option<Part>, Broken> {
        while !input.is_empty() {
            if let Some(line) = self.lines.next(input)
                && let Some(part) = self.read(line, now)?
            {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    /// What is left at the end: see [`super::Reader::finish`].
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn finish(&mut self, now: Timestamp) -> Result<Option<Part>, Broken> {
        if let Some(line) = self.lines.finish()
            && let Some(part) = self.read(line, now)?
        {
            return Ok(Some(part));
        }
        let next = self.lines.count().saturating_add(1);
        Ok(self.counted.take().map(|_| cut_off(next)))
    }

    fn read(&mut self, line: Line, now: Timestamp) -> Result<Option<Part>, Broken> {
        let place = Place::Line(line.number);
        let Some(bytes) = line.bytes else {
            self.count(1);
            let memos = Err(format!("It must have at most {LINE_MAX_BYTES} bytes."));
            return Ok(Some(Part { place, memos }));
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        match Shape::of(&bytes) {
            Ok(Shape::Header) => self.begin(&bytes, line.number),
            Ok(Shape::Footer) => Ok(self.end(&bytes, place)),
            shape => {
                let memos = shape.and_then(|shape| json::read(shape, &bytes, now));
                self.count(1);
                Ok(Some(Part { place, memos }))
            }
        }
    }

    fn count(&mut self, lines: u64) {
        self.counted = self.counted.map(|counted| counted.saturating_add(lines));
    }

    fn begin(&mut self, line: &[u8], number: u64) -> Result<Option<Part>, Broken> {
        let header: Option<Header> = serde_json::from_slice(line).ok();
        if header.is_none_or(|header| header.format != FORMAT || header.version != VERSION) {
            return Err(Broken::Format(
                "It is of a format, or of a version of it, that is not known here.",
            ));
        }
        // Two exports one after the other are fine, if the first one is whole.
        Ok(self.counted.replace(0).map(|_| cut_off(number)))
    }

    fn end(&mut self, line: &[u8], place: Place) -> Option<Part> {
        let counted = self.counted.take()?;
        let told = serde_json::from_slice(line).map_or(counted, |footer: Footer| footer.count);
        let memos = Err(format!("The file says that it has {told} memos, and it has {counted}."));
        (told != counted).then_some(Part { place, memos })
    }
}

fn cut_off(line: u64) -> Part {
    let detail = "The line that says how many memos there are is missing: the file was cut off before it.";
    Part {
        place: Place::Line(line),
        memos: Err(detail.to_owned()),
    }
}
