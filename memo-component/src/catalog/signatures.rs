//! Signatures of texts, by which a search passes over most memos without reading them.
//!
//! A signature is a Bloom filter of what a text is made of, its *grams*: each three letters of ASCII that follow each
//! other, each two characters of which one is not ASCII, and each character that is not. A text that has a word has all
//! grams of the word, so its signature has their bits; one that has not seldom does (about one in fifty for a word of two
//! syllables), and is read in vain. Words of one or two ASCII letters have no gram: for those every memo is read.
//!
//! The signatures of [`BLOCK`] ids are one record, a cache. Each of them says of which version of which memo it is, and
//! a version's text never changes: a signature is right for ever, or of no use any more.

use common::store::kv::KvError;
use serde::{Deserialize, Serialize};

use crate::{
    memo::{MemoId, Version},
    words::fold,
};

/// How many ids have their signatures in one record.
pub const BLOCK: u64 = 256;

/// How many bits a gram gets. With four, a fifth of a signature's bits are set.
const BITS_PER_GRAM: usize = 4;

/// The longest signature, in bytes: a record of full ones stays below what stores take. Longer texts, beyond some six
/// thousand grams, have more of its bits set, and are read in vain more often.
const SIGNATURE_MAX_BYTES: usize = 3_000;

/// Names the block that an id is in.
pub fn block_of(id: MemoId) -> u64 {
    id.0 / BLOCK
}

/// The grams of a word or a text that is folded, hashed, each once.
pub fn grams_of(folded: &str) -> Vec<u32> {
    let mut grams = Vec::with_capacity(folded.len());
    // The two characters before, as far as they are of the same word: words are searched for one by one.
    let (mut second_before, mut before) = (None, None);
    for character in folded.chars() {
        if character.is_whitespace() {
            (second_before, before) = (None, None);
            continue;
        }
        if !character.is_ascii() {
            grams.push(hash(['\0', '\0', character]));
        }
        match (second_before, before) {
            (_, Some(one)) if !(character.is_ascii() && char::is_ascii(&one)) => {
                grams.push(hash(['\0', one, character]))
            }
            (Some(one), Some(two)) if char::is_ascii(&one) => grams.push(hash([one, two, character])),
            _ => {}
        }
        (second_before, before) = (before, Some(character));
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// Spreads up to three characters, of 21 bits each, over 32 bits. It is part of the records' format.
fn hash(characters: [char; 3]) -> u32 {
    let joined = characters.into_iter().fold(0_u64, |joined, character| {
        (joined << 21) | u64::from(u32::from(character))
    });
    let spread = (joined ^ (joined >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let spread = (spread ^ (spread >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    u32::try_from(spread >> 32).unwrap_or_default()
}

/// The signature of a text.
pub fn sign(text: &str) -> Vec<u8> {
    let grams = grams_of(&fold(text));
    let bits = grams.len().saturating_mul(BITS_PER_GRAM);
    let mut signature = vec![0_u8; bits.div_ceil(8).min(SIGNATURE_MAX_BYTES)];
    for gram in grams {
        let (byte, mask) = place(gram, signature.len());
        if let Some(byte) = signature.get_mut(byte) {
            *byte |= mask;
        }
    }
    signature
}

/// Which bit of a signature of so many bytes stands for a gram: its byte and its mask.
fn place(gram: u32, bytes: usize) -> (usize, u8) {
    let bits = u64::try_from(bytes).unwrap_or(0).saturating_mul(8);
    let bit = (u64::from(gram) * bits) >> 32;
    (usize::try_from(bit / 8).unwrap_or(0), 1 << (bit % 8))
}

/// Whether a text of this signature may have all these grams.
pub fn may_have(signature: &[u8], grams: &[u32]) -> bool {
    grams.iter().all(|gram| {
        let (byte, mask) = place(*gram, signature.len());
        signature.get(byte).is_some_and(|byte| byte & mask != 0)
    })
}

/// A memo's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<'a> {
    /// Whose.
    pub id: MemoId,
    /// Of which version.
    pub version: Version,
    /// The signature.
    pub signature: &'a [u8],
}

/// The signatures of a block, sorted by id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Block<'a>(Vec<Signed<'a>>);

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    format: u8,
    #[serde(borrow)]
    signed: Vec<Signed<'a>>,
}

const FORMAT: u8 = 1;

impl<'a> Block<'a> {
    /// A stored block; an empty one where the record is no such thing.
    pub fn decode(bytes: &'a [u8]) -> Self {
        let record: Option<Record> = postcard::from_bytes(bytes).ok();
        let record = record.filter(|record| record.format == FORMAT);
        Self(record.map(|record| record.signed).unwrap_or_default())
    }

    /// The block as it is stored.
    ///
    /// # Errors
    /// None that these types know.
    pub fn encode(self) -> Result<Vec<u8>, KvError> {
        let record = Record {
            format: FORMAT,
            signed: self.0,
        };
        postcard::to_allocvec(&record).map_err(|error| KvError::Refused(error.to_string()))
    }

    /// The signatures, sorted by id.
    pub fn signed(&self) -> &[Signed<'a>] {
        &self.0
    }

    /// The signature of that version of a memo.
    pub fn find(&self, id: MemoId, version: Version) -> Option<&'a [u8]> {
        let at = self.0.binary_search_by_key(&id, |signed| signed.id).ok()?;
        let signed = self.0.get(at).filter(|signed| signed.version == version);
        signed.map(|signed| signed.signature)
    }

    /// The block with this signature in place of the memo's former one.
    pub fn put(&mut self, signed: Signed<'a>) {
        match self.0.binary_search_by_key(&signed.id, |signed| signed.id) {
            Ok(at) => drop(self.0.splice(at..=at, [signed])),
            Err(at) => self.0.insert(at, signed),
        }
    }

    /// The block without the memos that this says no to.
    pub fn retain(&mut self, is_there: impl Fn(MemoId) -> bool) {
        self.0.retain(|signed| is_there(signed.id));
    }
}

#[cfg(test)]
mod tests {
    use common::store::kv::VALUE_MAX_BYTES;
    use fastrand::Rng;

    use super::*;
    use crate::words::Words;

    #[test]
    fn a_text_that_has_the_words_may_have_them() {
        let mut rng = Rng::with_seed(7);
        let letters: Vec<char> = "abcdeABCé가나다라마바사회의 \n\u{3000}\u{1112}\u{116c}😀#/"
            .chars()
            .collect();
        for _ in 0..20_000 {
            let length = rng.usize(1..40);
            let text: String = (0..length).map(|_| letters[rng.usize(..letters.len())]).collect();
            let all: Vec<char> = text.chars().collect();
            let from = rng.usize(..all.len());
            let part: String = all[from..rng.usize(from..all.len()) + 1].iter().collect();
            let words = Words::parse(&part).unwrap();
            assert!(
                !words.are_in(&text) || may_have(&sign(&text), &words.grams()),
                "{part:?} in {text:?}"
            );
        }
    }

    #[test]
    fn most_texts_that_have_not_are_passed_over() {
        let mut rng = Rng::with_seed(7);
        let syllables =
            |rng: &mut Rng, count: usize| -> String { (0..count).map(|_| rng.char('가'..='힣')).collect() };
        let letters = |rng: &mut Rng, count: usize| -> String { (0..count).map(|_| rng.char('a'..='z')).collect() };
        let texts = (0..400).map(|_| {
            let words = (0..80).map(|number| match number % 2 {
                0 => syllables(&mut rng, 3),
                _ => letters(&mut rng, 6),
            });
            sign(&words.collect::<Vec<_>>().join(" "))
        });
        let texts: Vec<Vec<u8>> = texts.collect();
        let mut read_in_vain = |word: fn(&mut Rng) -> String| {
            let found = (0..100).flat_map(|_| {
                let grams = grams_of(&word(&mut Rng::with_seed(rng.u64(..))));
                texts
                    .iter()
                    .filter(move |text| may_have(text, &grams))
                    .collect::<Vec<_>>()
            });
            found.count() * 100 / (100 * texts.len())
        };
        // In a hundred.
        assert!(read_in_vain(|rng| (0..2).map(|_| rng.char('가'..='힣')).collect()) <= 2);
        assert!(read_in_vain(|rng| (0..6).map(|_| rng.char('a'..='z')).collect()) <= 1);
    }

    #[test]
    fn a_word_without_grams_may_be_in_every_text() {
        assert!(grams_of("ab").is_empty());
        assert!(may_have(&sign(""), &[]) && may_have(&sign("회의"), &grams_of("a")));
        assert!(!may_have(&sign(""), &grams_of("회")) && !may_have(&sign("ab"), &grams_of("abc")));
    }

    #[test]
    fn a_block_is_read_as_it_was_written_and_is_never_too_large() {
        let long = vec![0xFF; SIGNATURE_MAX_BYTES];
        let mut block = Block::default();
        for id in (1..=BLOCK).rev() {
            block.put(Signed {
                id: MemoId(u64::MAX - id),
                version: Version(u64::MAX),
                signature: &long,
            });
        }
        let bytes = block.encode().unwrap();
        assert!(bytes.len() <= VALUE_MAX_BYTES);
        let mut block = Block::decode(&bytes);
        let (id, version) = (MemoId(u64::MAX - 3), Version(u64::MAX));
        assert_eq!(block.find(id, version), Some(long.as_slice()));
        assert_eq!(block.find(id, Version(1)), None);
        block.put(Signed {
            id,
            version: Version(1),
            signature: &[],
        });
        assert_eq!(
            (block.find(id, Version(1)), block.find(id, version)),
            (Some(&[][..]), None)
        );
        block.retain(|other| other != id);
        assert_eq!(block.find(id, Version(1)), None);
        assert_eq!(Block::decode(b"no block"), Block::default());
    }
}
