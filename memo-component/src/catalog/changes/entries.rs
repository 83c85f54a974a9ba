//! What became of entries of the log.

use common::world::clock::Timestamp;

use super::{Entry, News};
use crate::{
    catalog::{Catalog, Error},
    memo::{Memo, MemoId},
};

/// What became of an entry.
pub(super) enum Seen {
    /// There is none at this number.
    Missing,
    /// The change has not come.
    Waiting(Timestamp),
    /// It has, and the memo is gone since, which has an entry of its own.
    Over,
    /// It has, or a later one. The memo has so many bytes.
    Come(News, usize),
}

impl Catalog<'_> {
    /// Reads these entries, and the memos that they are about.
    pub(super) async fn look_at_entries(&self, numbers: &[u64]) -> Result<Vec<Seen>, Error> {
        let keys: Vec<String> = numbers.iter().map(|number| self.names.change(*number)).collect();
        let values = self.ports.kv.get_many(&keys).await?;
        let entries: Result<Vec<Option<Entry>>, _> = keys
            .iter()
            .zip(values)
            .map(|(key, value)| value.map_or(Ok(None), |bytes| self.readable_entry(key, &bytes)))
            .collect();
        let entries = entries?;
        let mut ids: Vec<MemoId> = entries.iter().flatten().map(|entry| entry.memo).collect();
        ids.sort_unstable();
        ids.dedup();
        let memos = self.read_many(&ids).await?;
        let mut seen = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(entry) = entry else {
                seen.push(Seen::Missing);
                continue;
            };
            let found = memos.iter().find(|(id, ..)| *id == entry.memo);
            let stored = found.and_then(|(_, key, value)| Some((key, value.as_ref()?)));
            let bytes = stored.map_or(0, |(_, bytes)| bytes.len());
            let memo = stored.map_or(Ok(None), |(key, bytes)| self.readable(key, bytes))?;
            seen.push(match memo {
                Some(memo) if !entry.gone && memo.version >= entry.version => {
                    Seen::Come(news_of(entry.memo, memo), bytes)
                }
                None if stored.is_none() && entry.gone => {
                    let (id, version) = (entry.memo, entry.version);
                    Seen::Come(
                        News {
                            id,
                            version,
                            memo: None,
                        },
                        0,
                    )
                }
                None if stored.is_none() => Seen::Over,
                // It is at an earlier version, or it can't be read, and then it is not gone.
                _ => Seen::Waiting(entry.at),
            });
        }
        Ok(seen)
    }
}

/// The news that a memo is so.
pub(super) fn news_of(id: MemoId, memo: Memo) -> News {
    News {
        id,
        version: memo.version,
        memo: Some(memo),
    }
}
