//! The feed of stores without `increment`: a listing of all keys, as every listing is there.
//!
//! Ids and the numbers of changes hold the time at which they were taken. One that is younger than [`SETTLED`] may still
//! come below others, because clocks differ and such stores copy late; so a position stays below all young ones, and they
//! are told again with each reading. More of them than fit into one reading are not waited for.

use std::collections::{BTreeMap, BTreeSet};

use common::{store::kv::KvError, world::clock::Timestamp};

use super::{News, Position, Reading};
use crate::{
    catalog::{Catalog, counters::number_at, page::PAGE_MAX_BYTES, skip::SETTLED},
    memo::{Memo, MemoId, Version},
};

/// What there is at an id.
enum Found {
    Nothing,
    Unreadable,
    Memo(Memo),
}

impl Catalog<'_> {
    pub(super) async fn scan_changes(&self, since: Option<Position>, limit: usize) -> Result<Reading, KvError> {
        let now = self.ports.clock.now();
        let is_new = since.is_none();
        let since = since.unwrap_or_default();
        let settled = number_at(Timestamp(now.0.saturating_sub(millis(SETTLED))));
        let (ids, numbers) = self.list_keys(&since).await?;
        // A new reader begins with the memos as they are, and needs only such changes as may still be under way.
        let log = if is_new { since.log.max(settled) } else { since.log };
        let numbers: BTreeSet<u64> = numbers.into_iter().filter(|number| *number > log).collect();

        let mut reading = Reading::default();
        let mut bytes = 0_usize;
        let mut last_id = since.ids;
        let mut is_full = false;
        for id in ids.iter().copied() {
            if reading.news.len() >= limit || bytes >= PAGE_MAX_BYTES / 2 {
                is_full = true;
                break;
            }
            if let Found::Memo(memo) = self.look_for(MemoId(id)).await? {
                bytes = bytes.saturating_add(memo.text.as_str().len());
                reading.news.push(News {
                    id: MemoId(id),
                    version: memo.version,
                    memo: Some(memo),
                });
            }
            last_id = id;
        }
        let mut last_number = log;
        if !is_full {
            let room = limit.saturating_sub(reading.news.len());
            let (told, last) = self.tell_changes(&numbers, room, log, &reading.news).await?;
            is_full = last.is_some();
            last_number = last.or(numbers.last().copied()).unwrap_or(log);
            reading.news.extend(told);
        }
        reading.more = is_full;
        let below = |last: u64, before: u64| if is_full { last } else { last.min(settled).max(before) };
        reading.next = Position {
            ids: below(last_id, since.ids),
            log: below(last_number, log),
            ..Position::default()
        };
        Ok(reading)
    }

    /// The ids and the numbers of changes after a position.
    async fn list_keys(&self, since: &Position) -> Result<(BTreeSet<u64>, BTreeSet<u64>), KvError> {
        let (prefix, log) = (self.names.prefix(), self.names.log());
        let mut ids = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for key in self.ports.kv.keys(&prefix).await? {
            if let Some(number) = key.strip_prefix(&log).and_then(|number| number.parse().ok()) {
                numbers.insert(number);
            } else if let Some(MemoId(id)) = key.strip_prefix(&prefix).and_then(|id| id.parse().ok()) {
                ids.insert(id);
            }
        }
        Ok((ids.split_off(&since.ids.saturating_add(1)), numbers))
    }

    /// The memos that these changes are about, and the last change that was told where there was no room for all.
    async fn tell_changes(
        &self,
        numbers: &BTreeSet<u64>,
        room: usize,
        before: u64,
        told: &[News],
    ) -> Result<(Vec<News>, Option<u64>), KvError> {
        let mut versions: BTreeMap<MemoId, Version> = BTreeMap::new();
        let mut last = before;
        let mut full_at = None;
        for number in numbers {
            let key = self.names.change(*number);
            let Some(bytes) = self.ports.kv.get(&key).await? else {
                continue;
            };
            let Some(entry) = self.readable_entry(&key, &bytes)? else {
                continue;
            };
            if told.iter().any(|news| news.id == entry.memo) {
                continue;
            }
            if versions.len() >= room && !versions.contains_key(&entry.memo) {
                full_at = Some(last);
                break;
            }
            // Of changes in one millisecond, the earlier may have the larger number.
            let latest = versions.entry(entry.memo).or_insert(entry.version);
            *latest = entry.version.max(*latest);
            last = *number;
        }
        let mut news = Vec::with_capacity(versions.len());
        for (id, version) in versions {
            let (version, memo) = match self.look_for(id).await? {
                Found::Memo(memo) => (memo.version, Some(memo)),
                Found::Nothing => (version, None),
                // It is not gone.
                Found::Unreadable => continue,
            };
            news.push(News { id, version, memo });
        }
        Ok((news, full_at))
    }

    async fn look_for(&self, id: MemoId) -> Result<Found, KvError> {
        match self.find(id).await {
            Ok(memo) => Ok(memo.map_or(Found::Nothing, Found::Memo)),
            Err(error @ KvError::Corrupt { .. }) => {
                self.ports.warn("a memo was left out of the feed", error);
                Ok(Found::Unreadable)
            }
            Err(error) => Err(error),
        }
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
