//! The earlier texts of a memo.
//!
//! A record beside the memo, `memo/{user}/{id}/history`, holds them. It is written under the claim of the memo's change,
//! before the memo: stopped between the two, it holds a text that the memo still has, which readers leave out.
//!
//! Autosave makes versions seconds apart. Such a version is **folded** away: it is not kept when it stood for less than
//! [`FOLD`], little of it was taken away, and an earlier one was kept not long ago ([`KEEP_EVERY`]).

use std::time::Duration;

use common::{
    store::{
        kv::{KvError, encode},
        record::Versioned,
    },
    world::clock::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Catalog, Error};
use crate::{
    memo::{Edit, Memo, MemoId, Text, Version},
    transfer::EarlierText,
};

/// How many earlier texts are kept.
pub const VERSIONS_MAX: usize = 20;

/// How many bytes of earlier texts are kept: four of the longest.
pub const TEXTS_MAX_BYTES: usize = 256 * 1024;

/// How large the record may be. A text of control characters is six times as long in JSON, and a store takes a megabyte.
const RECORD_MAX_BYTES: usize = 900_000;

/// A text that stood for so long is worth keeping.
pub const FOLD: Duration = Duration::from_secs(60);

/// However busy a writer is, one text is kept so often.
pub const KEEP_EVERY: Duration = Duration::from_secs(5 * 60);

/// How many bytes of a text may be taken away for it to be folded, and of a short one the half. What somebody deletes by
/// mistake is more.
const LITTLE: usize = 64;

/// An earlier text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The memo's version when it had this text at last.
    pub version: Version,
    /// The text.
    pub text: Text,
    /// When it was written.
    pub written_at: Timestamp,
}

/// The record, oldest text first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    /// The memo's version that follows the newest text.
    version: u64,
    texts: Vec<Earlier>,
}

impl Versioned for History {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Whether the text of `old` is to be kept when it becomes that of `new` now.
pub fn is_worth_keeping(old: &Memo, new: &Memo, now: Timestamp) -> bool {
    if old.text == new.text {
        return false;
    }
    let newest_kept = old.kept_at.unwrap_or(old.created_at);
    now.since(old.updated_at) >= FOLD
        || old.updated_at.since(newest_kept) >= KEEP_EVERY
        || is_much(taken_away(old.text.as_str(), new.text.as_str()), old.text.as_str())
}

/// Whether so many bytes are more than a little of the text that they were taken away from.
fn is_much(taken_away: usize, text: &str) -> bool {
    taken_away > LITTLE || taken_away.saturating_mul(2) > text.len()
}

/// How many bytes of `old` are not there any more, between the beginning and the end that the two have in common.
fn taken_away(old: &str, new: &str) -> usize {
    let common = |pairs: &mut dyn Iterator<Item = (u8, u8)>| pairs.take_while(|(one, other)| one == other).count();
    let start = common(&mut old.bytes().zip(new.bytes()));
    let shorter = old.len().min(new.len()).saturating_sub(start);
    let end = common(&mut old.bytes().rev().zip(new.bytes().rev())).min(shorter);
    old.len().saturating_sub(start).saturating_sub(end)
}

impl Catalog<'_> {
    /// The record with the text of `memo`, which is about to change. One read.
    pub(super) async fn with_kept(&self, id: MemoId, memo: &Memo) -> Result<Vec<u8>, KvError> {
        let key = self.names.history(id);
        let stored: Option<History> = self.ports.kv.get_json(&key).await?;
        let mut texts = stored.map(|history| history.texts).unwrap_or_default();
        // What was kept for a change that was never made.
        texts.retain(|earlier| earlier.version < memo.version);
        texts.push(Earlier {
            version: memo.version,
            text: memo.text.clone(),
            written_at: memo.updated_at,
        });
        let history = History {
            version: memo.version.next().0,
            texts,
        };
        history.cut()
    }

    /// Removes the record of a memo that is gone. Where that fails, its entry among what is due sees to it.
    pub(super) async fn forget_history(&self, id: MemoId) {
        if let Err(error) = self.ports.kv.delete(&self.names.history(id)).await {
            self.ports
                .warn("the history of a memo that is gone stays for a while", error);
        }
    }

    /// The memo's earlier texts, newest first. Two reads.
    ///
    /// # Errors
    /// [`Error::Absent`] where there is no memo; those of the store.
    pub async fn versions(&self, id: MemoId) -> Result<(Memo, Vec<Earlier>), Error> {
        let memo = self.read(id).await?;
        let texts = self.stored_texts(id, memo.version).await?;
        Ok((memo, texts))
    }

    /// The texts that a memo had before it was at `version`, newest first. One read.
    pub(super) async fn stored_texts(&self, id: MemoId, version: Version) -> Result<Vec<Earlier>, KvError> {
        let stored: Option<History> = self.ports.kv.get_json(&self.names.history(id)).await?;
        let mut texts = stored.map(|history| history.texts).unwrap_or_default();
        texts.retain(|earlier| earlier.version < version);
        texts.reverse();
        Ok(texts)
    }

    /// One of the memo's texts: an earlier one, or that of its present version. Two reads.
    ///
    /// # Errors
    /// [`Error::Absent`] where there is no such version; those of the store.
    pub async fn version(&self, id: MemoId, version: Version) -> Result<(Memo, Earlier), Error> {
        let (memo, texts) = self.versions(id).await?;
        let present = Earlier {
            version: memo.version,
            text: memo.text.clone(),
            written_at: memo.updated_at,
        };
        let all = texts.into_iter().chain([present]);
        let found = all.into_iter().find(|earlier| earlier.version == version);
        found.map(|earlier| (memo, earlier)).ok_or(Error::Absent)
    }

    /// Gives the memo one of its earlier texts, as a new version, if it is at `expected`, or at whichever version it is.
    ///
    /// # Errors
    /// As [`Catalog::version`] and [`Catalog::edit`].
    pub async fn restore_version(
        &self,
        id: MemoId,
        version: Version,
        expected: Option<Version>,
    ) -> Result<Memo, Error> {
        let (_, earlier) = self.version(id, version).await?;
        self.edit_present(id, expected, |memo| {
            (memo.text != earlier.text).then(|| Edit {
                text: Some(earlier.text.clone()),
                ..Edit::default()
            })
        })
        .await
    }
}

/// The record of a memo that comes with these earlier texts, oldest first, and the version that the memo then has: each of
/// its texts was one.
pub(super) fn imported(texts: &[EarlierText]) -> Result<(Version, Option<Vec<u8>>), KvError> {
    let mut version = Version::FIRST;
    let mut earlier = Vec::with_capacity(texts.len());
    for text in texts {
        earlier.push(Earlier {
            version,
            text: text.text.clone(),
            written_at: text.written_at,
        });
        version = version.next();
    }
    if earlier.is_empty() {
        return Ok((version, None));
    }
    let history = History {
        version: version.0,
        texts: earlier,
    };
    Ok((version, Some(history.cut()?)))
}

impl History {
    /// The record with the newest texts, as many of them as are kept.
    fn cut(mut self) -> Result<Vec<u8>, KvError> {
        // What is too much by its number or its bytes need not be written to be found so.
        while !self.is_within_bounds(0) {
            self.texts.remove(0);
        }
        loop {
            let bytes = encode(&self)?;
            if self.is_within_bounds(bytes.len()) {
                return Ok(bytes);
            }
            self.texts.remove(0);
        }
    }

    /// Whether it is small enough. The newest text is kept whatever its size.
    fn is_within_bounds(&self, record_bytes: usize) -> bool {
        let bytes: usize = self.texts.iter().map(|earlier| earlier.text.as_str().len()).sum();
        let is_small = bytes <= TEXTS_MAX_BYTES && record_bytes <= RECORD_MAX_BYTES;
        self.texts.len() <= 1 || (self.texts.len() <= VERSIONS_MAX && is_small)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_is_what_lies_between_the_common_ends() {
        for (old, new, expected) in [
            ("abc", "abc", 0),
            ("abc", "abcd", 0),
            ("abc", "xabc", 0),
            ("abc", "axc", 1),
            ("abc", "", 3),
            ("aaa", "aa", 1),
            ("aa", "aaa", 0),
            ("abcdef", "af", 4),
        ] {
            assert_eq!(taken_away(old, new), expected, "{old:?} to {new:?}");
        }
    }
}
