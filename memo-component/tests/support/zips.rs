//! Zip archives as other programs write them, and as nobody should.

use miniz_oxide::deflate::compress_to_vec;

/// How an entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Stored,
    Deflated,
    /// Its length and its checksum follow it.
    Streamed,
    /// The same without the signature that most programs put before them.
    StreamedPlain,
    /// The same with long numbers.
    StreamedWide,
}

/// An archive of these entries.
pub fn zip(entries: &[(&str, &[u8])], packing: Packing) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, data) in entries {
        let at = archive.len();
        add(&mut archive, name, data, packing);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&archive[at + 4..at + 30]);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&(at as u32).to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (start, count) = (archive.len() as u32, entries.len() as u16);
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    archive.extend_from_slice(&count.to_le_bytes());
    archive.extend_from_slice(&count.to_le_bytes());
    archive.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    archive.extend_from_slice(&start.to_le_bytes());
    archive.extend_from_slice(&[0; 2]);
    archive
}

fn add(archive: &mut Vec<u8>, name: &str, data: &[u8], packing: Packing) {
    let is_stored = packing == Packing::Stored;
    let is_streamed = !matches!(packing, Packing::Stored | Packing::Deflated);
    let packed = if is_stored {
        data.to_vec()
    } else {
        compress_to_vec(data, 6)
    };
    let numbers = [crc32fast::hash(data), packed.len() as u32, data.len() as u32];
    archive.extend_from_slice(b"PK\x03\x04\x14\0");
    archive.extend_from_slice(&(if is_streamed { 8_u16 } else { 0 }).to_le_bytes());
    archive.extend_from_slice(&(if is_stored { 0_u16 } else { 8 }).to_le_bytes());
    // 2019-08-07, 06:04:02.
    archive.extend_from_slice(&(((6 << 11) | (4 << 5) | 1) as u16).to_le_bytes());
    archive.extend_from_slice(&(((39 << 9) | (8 << 5) | 7) as u16).to_le_bytes());
    for number in numbers {
        archive.extend_from_slice(&(if is_streamed { 0 } else { number }).to_le_bytes());
    }
    archive.extend_from_slice(&(name.len() as u16).to_le_bytes());
    archive.extend_from_slice(&[0; 2]);
    archive.extend_from_slice(name.as_bytes());
    archive.extend_from_slice(&packed);
    if is_streamed && packing != Packing::StreamedPlain {
        archive.extend_from_slice(b"PK\x07\x08");
    }
    if is_streamed {
        archive.extend_from_slice(&numbers[0].to_le_bytes());
        for number in &numbers[1..] {
            match packing {
                Packing::StreamedWide => archive.extend_from_slice(&u64::from(*number).to_le_bytes()),
                _ => archive.extend_from_slice(&number.to_le_bytes()),
            }
        }
    }
}
