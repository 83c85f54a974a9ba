//! Reads a zip archive as it arrives, entry by entry, by the headers that stand before them.
//!
//! Nothing is unpacked to a disk, so what an entry is called leads nowhere. What unpacks to more than is read is a mistake of
//! its own, and how much is unpacked in all is bounded. The directory at the end is not looked at; that it comes says that
//! the archive is whole.

mod entry;

use common::world::clock::Timestamp;

use super::{Broken, Part, Place};
use entry::{Entry, HEADER, Lost, UNPACKED_MAX_BYTES, header_length};

/// How many entries there may be.
const ENTRIES_MAX: u64 = 250_000;

/// The longest form of what may follow an entry whose header did not know its length.
const DESCRIPTOR_MAX: usize = 24;

enum State {
    /// Before an entry.
    Between,
    Data(Box<Entry>),
    /// After an entry whose length follows.
    Descriptor(Box<Entry>),
    /// There is no further entry.
    Over,
}

/// An archive that is being read.
pub struct Reader {
    /// A header that has begun to arrive.
    begun: Vec<u8>,
    state: State,
    entries: u64,
    unpacked: u64,
    last: String,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            begun: Vec::new(),
            state: State::Between,
            entries: 0,
            unpacked: 0,
            last: String::new(),
        }
    }
}

impl Reader {
    /// The next entry that may be a memo; see [`super::Reader::next`].
    ///
    /// # Errors
    /// For what is no archive, and for one that is too large.
    pub fn next(&mut self, input: &mut &[u8], now: Timestamp) -> Result<Option<Part>, Broken> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => {
                    *input = &[];
                    return Ok(None);
                }
                State::Between => match self.begin(input)? {
                    Begun::Entry(entry) => self.state = State::Data(entry),
                    Begun::Over => {}
                    Begun::Nothing => {
                        self.state = State::Between;
                        return Ok(None);
                    }
                    Begun::Lost => return Ok(Some(self.lost())),
                },
                State::Data(mut entry) => {
                    let before = entry.unpacked;
                    let is_over = entry.read(input);
                    let unpacked = entry.unpacked.saturating_sub(before);
                    self.unpacked = self.unpacked.saturating_add(unpacked);
                    if self.unpacked > UNPACKED_MAX_BYTES {
                        return Err(Broken::TooLarge("The archive unpacks to more than is read."));
                    }
                    match is_over {
                        Ok(true) if entry.length_follows => self.state = State::Descriptor(entry),
                        Ok(true) => {
                            self.state = State::Between;
                            if let Some(part) = entry.finish(now) {
                                return Ok(Some(part));
                            }
                        }
                        Ok(false) => {
                            self.state = State::Data(entry);
                            return Ok(None);
                        }
                        Err(Lost) => return Ok(Some(self.lost())),
                    }
                }
                State::Descriptor(mut entry) => {
                    if !self.gather(input, DESCRIPTOR_MAX) {
                        self.state = State::Descriptor(entry);
                        return Ok(None);
                    }
                    let Some(length) = entry.describe(&self.begun) else {
                        return Ok(Some(self.lost()));
                    };
                    self.begun.drain(..length);
                    self.state = State::Between;
                    if let Some(part) = entry.finish(now) {
                        return Ok(Some(part));
                    }
                }
            }
        }
    }

    /// Whether the archive came to its end; see [`super::Reader::finish`].
    ///
    /// # Errors
    /// For what is no archive.
    pub fn finish(&mut self) -> Result<Option<Part>, Broken> {
        if matches!(self.state, State::Over) {
            return Ok(None);
        }
        self.state = State::Over;
        if self.entries == 0 {
            return Err(NO_ARCHIVE);
        }
        Ok(Some(Part {
            place: Place::Entry(std::mem::take(&mut self.last)),
            memos: Err("The archive was cut off in or after this entry.".to_owned()),
        }))
    }

    /// Reads on until so many bytes are there.
    fn gather(&mut self, input: &mut &[u8], count: usize) -> bool {
        let missing = count.saturating_sub(self.begun.len()).min(input.len());
        let (taken, rest) = input.split_at(missing);
        self.begun.extend_from_slice(taken);
        *input = rest;
        self.begun.len() >= count
    }

    fn begin(&mut self, input: &mut &[u8]) -> Result<Begun, Broken> {
        if !self.gather(input, 4) {
            return Ok(Begun::Nothing);
        }
        if !self.begun.starts_with(b"PK\x03\x04") {
            let directory = [b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08"];
            let is_directory = directory.iter().any(|signature| self.begun.starts_with(*signature));
            return match is_directory {
                true => Ok(Begun::Over),
                false if self.entries == 0 => Err(NO_ARCHIVE),
                false => Ok(Begun::Lost),
            };
        }
        if !self.gather(input, HEADER) {
            return Ok(Begun::Nothing);
        }
        let length = header_length(&self.begun);
        if !self.gather(input, length) {
            return Ok(Begun::Nothing);
        }
        self.entries = self.entries.saturating_add(1);
        if self.entries > ENTRIES_MAX {
            return Err(Broken::TooLarge("The archive has too many entries."));
        }
        let entry = Entry::new(&std::mem::take(&mut self.begun));
        let Some(entry) = entry else {
            return Ok(Begun::Lost);
        };
        self.last.clone_from(&entry.name);
        Ok(Begun::Entry(Box::new(entry)))
    }

    fn lost(&mut self) -> Part {
        Part {
            place: Place::Entry(std::mem::take(&mut self.last)),
            memos: Err("This entry, or what follows it, can't be read; all that came before was.".to_owned()),
        }
    }
}

const NO_ARCHIVE: Broken = Broken::Format("It is no zip archive.");

enum Begun {
    Entry(Box<Entry>),
    Over,
    /// There is not enough of it yet.
    Nothing,
    /// Nobody knows where the next entry begins.
    Lost,
}
