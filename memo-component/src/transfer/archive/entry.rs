//! An entry of a zip archive: what its header says, and its data.

use common::world::clock::Timestamp;

use crate::transfer::{
    Part, Place, Portable,
    inflate::Inflate,
    json::{self, Shape},
    markdown, zip,
};

/// The largest entry that is read, in bytes as unpacked.
const ENTRY_MAX_BYTES: usize = 1024 * 1024;

/// How much is unpacked in all.
pub const UNPACKED_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// How much of an entry's name is told, in characters.
const NAME_MAX_CHARS: usize = 200;

/// The part of a header that has the same length in all of them.
pub const HEADER: usize = 30;

const ENCRYPTED: u16 = 1;
const LENGTH_FOLLOWS: u16 = 1 << 3;

/// What an entry may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Markdown,
    Json,
    /// Not a memo: a picture, a folder, what a system has left.
    Other,
}

enum Packing {
    Stored,
    Deflated(Inflate),
    /// Not read: passed over.
    Unread,
}

/// An entry that is being read.
pub struct Entry {
    /// What it is called.
    pub name: String,
    kind: Kind,
    modified_at: Option<Timestamp>,
    packing: Packing,
    /// Whether its length and its checksum follow it.
    pub length_follows: bool,
    /// How much of it is still to come; `None` where only its data tells.
    left: Option<u64>,
    /// How much has come.
    packed: u64,
    /// How much was unpacked.
    pub unpacked: u64,
    expected_crc: u32,
    crc: crc32fast::Hasher,
    data: Vec<u8>,
    wrong: Option<String>,
}

/// Nobody knows where the entry ends.
pub struct Lost;

/// How long the header is that begins with these bytes.
pub fn header_length(begun: &[u8]) -> usize {
    let variable = usize::from(short(begun, 26)).saturating_add(usize::from(short(begun, 28)));
    HEADER.saturating_add(variable)
}

impl Entry {
    /// The entry that a whole header announces; `None` where its end can't be found.
    pub fn new(header: &[u8]) -> Option<Self> {
        let name_end = HEADER.saturating_add(usize::from(short(header, 26)));
        let name = String::from_utf8_lossy(header.get(HEADER..name_end).unwrap_or_default());
        let extra = Extra::of(header.get(name_end..).unwrap_or_default());
        let (flags, method) = (short(header, 6), short(header, 8));
        let length_follows = flags & LENGTH_FOLLOWS != 0;
        let packed = match long(header, 18) {
            u32::MAX => extra.packed?,
            packed => packed.into(),
        };
        let is_unknown = length_follows && packed == 0;
        let wrong = match method {
            _ if flags & ENCRYPTED != 0 => Some("It is encrypted.".to_owned()),
            0 | 8 => None,
            _ => Some("It is packed in a way that is not known here.".to_owned()),
        };
        let mut kind = Kind::of(&name);
        if wrong.is_some() && is_unknown {
            return None;
        }
        let packing = match method {
            _ if wrong.is_some() || (kind == Kind::Other && !is_unknown) => Packing::Unread,
            0 => Packing::Stored,
            _ => Packing::Deflated(Inflate::new()),
        };
        if name.ends_with('/') {
            kind = Kind::Other;
        }
        Some(Self {
            kind,
            modified_at: extra
                .modified_at
                .or_else(|| zip::from_dos(short(header, 12), short(header, 10))),
            packing,
            length_follows,
            // Of what is stored, nothing but a header tells the length: here it is nothing.
            left: (!is_unknown || method == 0).then_some(packed),
            packed: 0,
            unpacked: 0,
            expected_crc: long(header, 14),
            crc: crc32fast::Hasher::new(),
            data: Vec::new(),
            wrong,
            name: name.chars().take(NAME_MAX_CHARS).collect(),
        })
    }

    /// Reads on. Says whether the data is over.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<bool, Lost> {
        let whole = *input;
        let allowed = self.left.map_or(whole.len(), |left| {
            usize::try_from(left).unwrap_or(usize::MAX).min(whole.len())
        });
        let mut own = whole.get(..allowed).unwrap_or_default();
        let ended = self.unpack(&mut own);
        let taken = allowed.saturating_sub(own.len());
        *input = whole.get(taken..).unwrap_or_default();
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.packed = self.packed.saturating_add(taken);
        self.left = self.left.map(|left| left.saturating_sub(taken));
        match (ended, self.left) {
            (Ended::Damaged, None) => Err(Lost),
            (Ended::Damaged, Some(_)) => {
                self.wrong = Some("It is damaged.".to_owned());
                self.packing = Packing::Unread;
                self.read(input)
            }
            (Ended::Yes, None | Some(0)) => Ok(true),
            // There is something after the end of the packed data, which belongs to the entry all the same.
            (Ended::Yes, Some(_)) => {
                self.packing = Packing::Unread;
                self.read(input)
            }
            (Ended::No, Some(0)) => {
                if matches!(self.packing, Packing::Deflated(_)) {
                    self.wrong = Some("It is damaged.".to_owned());
                }
                Ok(true)
            }
            (Ended::No, _) => Ok(false),
        }
    }

    fn unpack(&mut self, own: &mut &[u8]) -> Ended {
        // Taken out while it runs, because what it makes goes into the rest.
        let mut packing = std::mem::replace(&mut self.packing, Packing::Unread);
        let ended = match &mut packing {
            Packing::Unread => {
                *own = &[];
                Ended::No
            }
            Packing::Stored => {
                self.take_in(own);
                *own = &[];
                Ended::No
            }
            Packing::Deflated(inflate) => loop {
                let before = own.len();
                match inflate.step(own) {
                    Err(_) => break Ended::Damaged,
                    Ok(step) => {
                        let is_idle = step.output.is_empty() && own.len() == before;
                        let is_over = step.is_over;
                        self.take_in(step.output);
                        if is_over {
                            break Ended::Yes;
                        }
                        if is_idle || self.unpacked > UNPACKED_MAX_BYTES {
                            break Ended::No;
                        }
                    }
                }
            },
        };
        self.packing = packing;
        ended
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.unpacked = self
            .unpacked
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.crc.update(bytes);
        if self.kind == Kind::Other || self.wrong.is_some() {
            return;
        }
        if self.data.len().saturating_add(bytes.len()) > ENTRY_MAX_BYTES {
            self.wrong = Some(format!("It must have at most {ENTRY_MAX_BYTES} bytes."));
            self.data = Vec::new();
        } else {
            self.data.extend_from_slice(bytes);
        }
    }

    /// Finds what follows the data among these bytes, and how long that is. It has several forms, with a signature or
    /// without, with long numbers or with short ones; what was read tells them apart, and what follows in turn.
    pub fn describe(&mut self, bytes: &[u8]) -> Option<usize> {
        let is_read = !matches!(self.packing, Packing::Unread);
        let begins_with_signature = bytes.starts_with(b"PK\x07\x08");
        for (start, wide) in [(4, false), (4, true), (0, false), (0, true)] {
            let size = |at: usize| match wide {
                true => longer(bytes, start + 4 + 8 * at),
                false => long(bytes, start + 4 + 4 * at).into(),
            };
            let end = start + if wide { 20 } else { 12 };
            let next = bytes.get(end..end + 2);
            if (start == 0 || begins_with_signature)
                && size(0) == self.packed
                && (!is_read || size(1) == self.unpacked)
                && next.is_none_or(|next| next == b"PK")
            {
                self.expected_crc = long(bytes, start);
                return Some(end);
            }
        }
        None
    }

    /// What the entry is; `None` where that is no memo.
    pub fn finish(self, now: Timestamp) -> Option<Part> {
        let memos = match (self.wrong, self.kind) {
            (_, Kind::Other) => return None,
            (Some(wrong), _) => Err(wrong),
            (None, _) if self.crc.finalize() != self.expected_crc => Err("It is damaged.".to_owned()),
            (None, Kind::Markdown) => markdown::read(self.data, self.modified_at, now).map(|memo| vec![memo]),
            (None, Kind::Json) => read_json(&self.data, now),
        };
        Some(Part {
            place: Place::Entry(self.name),
            memos,
        })
    }
}

fn read_json(data: &[u8], now: Timestamp) -> Result<Vec<Portable>, String> {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    json::read(Shape::of(data)?, data, now)
}

enum Ended {
    Yes,
    No,
    Damaged,
}

impl Kind {
    fn of(name: &str) -> Self {
        let mut folders = name.split(['/', '\\']);
        let is_hidden = folders.any(|folder| folder.starts_with('.') && folder != ".." && folder != ".");
        if is_hidden || name.starts_with("__MACOSX") {
            return Self::Other;
        }
        match name
            .rsplit_once('.')
            .map(|(_, kind)| kind.to_ascii_lowercase())
            .as_deref()
        {
            Some("md" | "markdown") => Self::Markdown,
            Some("json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// What a header may say more.
#[derive(Default)]
struct Extra {
    modified_at: Option<Timestamp>,
    packed: Option<u64>,
}

impl Extra {
    fn of(mut bytes: &[u8]) -> Self {
        let mut extra = Self::default();
        while bytes.len() >= 4 {
            let (kind, length) = (short(bytes, 0), usize::from(short(bytes, 2)));
            let rest = bytes.get(4..).unwrap_or_default();
            let field = rest.get(..length).unwrap_or(rest);
            match kind {
                // Seconds since 1970, which no other clock has moved.
                0x5455 if field.first().is_some_and(|flags| flags & 1 != 0) && field.len() >= 5 => {
                    let seconds = u64::from(long(field, 1));
                    extra.modified_at = Some(Timestamp(seconds.saturating_mul(1000)));
                }
                1 if field.len() >= 16 => extra.packed = Some(longer(field, 8)),
                _ => {}
            }
            bytes = rest.get(length..).unwrap_or_default();
        }
        extra
    }
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let found = bytes.get(at..at.saturating_add(N));
    found.and_then(|found| found.try_into().ok()).unwrap_or([0; N])
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, at))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, at))
}

fn longer(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, at))
}
