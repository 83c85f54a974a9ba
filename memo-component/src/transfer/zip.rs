//! Writes a zip archive as a stream: an entry after the other, none of them compressed, and the directory at the end.
//!
//! An entry is whole before it is written, so its header knows its length and its checksum. What is kept is the directory,
//! about 120 bytes an entry. Libraries keep several times that, or need to go back in what they have written.

use common::world::clock::Timestamp;

/// How large the directory may grow: room for 250,000 memos. Who has more exports lines.
const DIRECTORY_MAX_BYTES: usize = 32 * 1024 * 1024;

/// What is needed to read it: version 2.0, as for all ordinary archives, and 4.5 for more than 65,535 entries.
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;

/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

/// An archive that is being written.
#[derive(Default)]
pub struct Writer {
    directory: Vec<u8>,
    entries: u64,
    offset: u64,
}

/// The archive would be larger than this writer can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the archive is too large")]
pub struct TooLarge;

impl Writer {
    /// The bytes of the next entry.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn entry(&mut self, name: &str, modified_at: Timestamp, data: &[u8]) -> Result<Vec<u8>, TooLarge> {
        let size = u32::try_from(data.len()).map_err(|_| TooLarge)?;
        let offset = u32::try_from(self.offset).map_err(|_| TooLarge)?;
        let name_size = u16::try_from(name.len()).map_err(|_| TooLarge)?;
        if self.directory.len() > DIRECTORY_MAX_BYTES {
            return Err(TooLarge);
        }
        let (date, time) = dos(modified_at);
        // What the entry's own header and the directory have in common.
        let mut common = Vec::with_capacity(26);
        for short in [VERSION, FLAGS, 0, time, date] {
            common.extend_from_slice(&short.to_le_bytes());
        }
        for long in [crc32fast::hash(data), size, size] {
            common.extend_from_slice(&long.to_le_bytes());
        }
        common.extend_from_slice(&name_size.to_le_bytes());
        common.extend_from_slice(&0_u16.to_le_bytes());

        let mut entry = Vec::with_capacity(30_usize.saturating_add(name.len()).saturating_add(data.len()));
        entry.extend_from_slice(b"PK\x03\x04");
        entry.extend_from_slice(&common);
        entry.extend_from_slice(name.as_bytes());
        entry.extend_from_slice(data);

        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&VERSION.to_le_bytes());
        self.directory.extend_from_slice(&common);
        // No comment, first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.entries = self.entries.saturating_add(1);
        self.offset = self
            .offset
            .saturating_add(u64::try_from(entry.len()).unwrap_or(u64::MAX));
        Ok(entry)
    }

    /// The directory, with which an archive is whole.
    pub fn finish(self) -> Vec<u8> {
        let (start, mut end) = (self.offset, self.directory);
        let size = u64::try_from(end.len()).unwrap_or(u64::MAX);
        let short = u16::try_from(self.entries).ok().filter(|entries| *entries < u16::MAX);
        let shown_start = u32::try_from(start).unwrap_or(u32::MAX);
        if short.is_none() || shown_start == u32::MAX {
            let at = start.saturating_add(size);
            end.extend_from_slice(b"PK\x06\x06");
            end.extend_from_slice(&44_u64.to_le_bytes());
            end.extend_from_slice(&VERSION_64.to_le_bytes());
            end.extend_from_slice(&VERSION_64.to_le_bytes());
            end.extend_from_slice(&[0; 8]);
            for long in [self.entries, self.entries, size, start] {
                end.extend_from_slice(&long.to_le_bytes());
            }
            end.extend_from_slice(b"PK\x06\x07");
            end.extend_from_slice(&0_u32.to_le_bytes());
            end.extend_from_slice(&at.to_le_bytes());
            end.extend_from_slice(&1_u32.to_le_bytes());
        }
        end.extend_from_slice(b"PK\x05\x06");
        end.extend_from_slice(&[0; 4]);
        let entries = short.unwrap_or(u16::MAX).to_le_bytes();
        end.extend_from_slice(&entries);
        end.extend_from_slice(&entries);
        end.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
        end.extend_from_slice(&shown_start.to_le_bytes());
        end.extend_from_slice(&0_u16.to_le_bytes());
        end
    }
}

/// A moment as archives have it: two numbers, from 1980 on, in steps of two seconds. Ours are in UTC.
fn dos(moment: Timestamp) -> (u16, u16) {
    let shown = moment.to_rfc3339();
    let part = |from: usize, to: usize| -> u16 {
        let digits = shown.get(from..to).unwrap_or_default();
        digits.parse().unwrap_or(0)
    };
    let year = part(0, 4).clamp(1980, 2107).saturating_sub(1980);
    let date = (year << 9) | (part(5, 7) << 5) | part(8, 10);
    let time = (part(11, 13) << 11) | (part(14, 16) << 5) | (part(17, 19) / 2);
    (date, time)
}

/// The moment that two such numbers stand for, taken as UTC; `None` where they stand for none.
pub fn from_dos(date: u16, time: u16) -> Option<Timestamp> {
    let shown = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        1980 + (date >> 9),
        (date >> 5) & 15,
        date & 31,
        time >> 11,
        (time >> 5) & 63,
        (time & 31) * 2
    );
    Timestamp::from_rfc3339(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_kept_to_two_seconds() {
        let moment = Timestamp::from_rfc3339("2026-11-22T21:40:59.999Z").unwrap();
        let (date, time) = dos(moment);
        assert_eq!(from_dos(date, time), Timestamp::from_rfc3339("2026-11-22T21:40:58Z"));
        let (date, time) = dos(Timestamp(0));
        assert_eq!(from_dos(date, time), Timestamp::from_rfc3339("1980-01-01T00:00:00Z"));
        assert_eq!(from_dos(0, 0), None);
    }
}
