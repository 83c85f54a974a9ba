//! The feed over dense ids and a dense log.

use std::collections::BTreeSet;

use common::{
    store::kv::{KvError, decode},
    world::clock::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Entry, KEPT, LOOK_MAX, News, OPEN_MAX, Open, Position, Reading, STEP};
use crate::{
    catalog::{Catalog, Error, page::PAGE_MAX_BYTES, skip::SETTLED},
    memo::MemoId,
};

/// How many old entries a reader removes who passes by.
const CUT_AT_ONCE: u64 = 64;

/// Where the log begins: everything below has been removed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LogStart {
    first: u64,
}

/// A reading that is being filled.
struct Filling {
    limit: usize,
    bytes: usize,
    looked_at: usize,
    news: Vec<News>,
    told: BTreeSet<MemoId>,
}

impl Filling {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: 0,
            looked_at: 0,
            news: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    /// How many ids or entries may be looked at next, each of which may bring one memo; 0 when the reading is full.
    fn room(&self) -> u64 {
        let is_full = self.bytes >= PAGE_MAX_BYTES / 2 || self.looked_at >= LOOK_MAX;
        let room = self.limit.saturating_sub(self.news.len()).min(STEP);
        if is_full { 0 } else { u64::try_from(room).unwrap_or(0) }
    }

    /// A memo of so many bytes, or one that is gone. Of a memo that changed while this reading went on, the latest is told.
    fn tell(&mut self, news: News, bytes: usize) {
        if self.told.insert(news.id) {
            self.bytes = self.bytes.saturating_add(bytes);
            self.news.push(news);
        } else if let Some(told) = self.news.iter_mut().find(|told| told.id == news.id)
            && told.version <= news.version
        {
            *told = news;
        }
    }
}

/// What became of an entry.
enum Seen {
    /// There is none at this number.
    Missing,
    /// The change has not come.
    Waiting(Timestamp),
    /// It has, or a later one. The memo has so many bytes.
    Come(News, usize),
}

impl Catalog<'_> {
    pub(super) async fn follow(&self, since: Option<Position>, limit: usize) -> Result<Reading, Error> {
        let heads = self.heads().await?;
        // After the heads: all numbers up to them were taken before this moment.
        let now = self.ports.clock.now();
        let mut position = match since {
            Some(position) => position,
            None => Position {
                log: self.log_before(heads.change, now).await?,
                ..Position::default()
            },
        };
        // A cursor from elsewhere must not make us walk numbers that were never taken.
        position.ids = position.ids.min(heads.id);
        position.log = position.log.min(heads.change);
        let mut filling = Filling::new(limit);
        self.reopen_ids(&mut position, &mut filling, now).await?;
        self.reopen_log(&mut position, &mut filling, now).await?;
        let mut ids_go_on = true;
        while ids_go_on && position.ids < heads.id && filling.room() > 0 {
            ids_go_on = self.step_ids(&mut position, &mut filling, heads.id, now).await?;
        }
        // What happened to the memos does not wait for ids that settle.
        let mut log_goes_on = true;
        while log_goes_on && position.log < heads.change && filling.room() > 0 {
            log_goes_on = self.step_log(&mut position, &mut filling, heads.change, now).await?;
        }
        let is_behind = (ids_go_on && position.ids < heads.id) || (log_goes_on && position.log < heads.change);
        Ok(Reading {
            news: filling.news,
            next: position,
            more: is_behind,
        })
    }

    /// A place in the log below which every change has come by now: that of an entry that is old enough, or the beginning.
    async fn log_before(&self, head: u64, now: Timestamp) -> Result<u64, KvError> {
        let mut back = 0;
        while back < head {
            let number = head.saturating_sub(back);
            let entry: Option<Entry> = self.ports.kv.get_json(&self.names.change(number)).await?;
            // An old entry has younger ones above it only.
            if entry.is_some_and(|entry| now.since(entry.at) >= SETTLED) {
                return Ok(number);
            }
            back = back.saturating_mul(2).max(1);
        }
        Ok(self.log_start().await?.saturating_sub(1))
    }

    async fn log_start(&self) -> Result<u64, KvError> {
        let start: Option<LogStart> = self.ports.kv.get_json(&self.names.log_start()).await?;
        Ok(start.map_or(1, |start| start.first))
    }

    /// Looks again at ids that had no memo.
    async fn reopen_ids(&self, at: &mut Position, filling: &mut Filling, now: Timestamp) -> Result<(), Error> {
        let open: Vec<Open> = std::mem::take(&mut at.open_ids).into_iter().take(OPEN_MAX).collect();
        let ids: Vec<MemoId> = open.iter().map(|open| MemoId(open.number)).collect();
        for (open, (id, key, value)) in open.into_iter().zip(self.read_many(&ids).await?) {
            match value {
                Some(_) if filling.room() == 0 => at.open_ids.push(open),
                Some(bytes) => self.tell(filling, id, &key, &bytes),
                None if open.is_settled(now) => {}
                None => at.open_ids.push(open),
            }
        }
        Ok(())
    }

    fn tell(&self, filling: &mut Filling, id: MemoId, key: &str, bytes: &[u8]) {
        if let Some(memo) = self.readable(key, bytes) {
            let news = News {
                id,
                version: memo.version,
                memo: Some(memo),
            };
            filling.tell(news, bytes.len());
        }
    }

    /// Looks again at entries whose change had not come.
    async fn reopen_log(&self, at: &mut Position, filling: &mut Filling, now: Timestamp) -> Result<(), Error> {
        let open: Vec<Open> = std::mem::take(&mut at.open_log).into_iter().take(OPEN_MAX).collect();
        let numbers: Vec<u64> = open.iter().map(|open| open.number).collect();
        for (open, seen) in open.into_iter().zip(self.look_at_entries(&numbers).await?) {
            match seen {
                Seen::Come(..) if filling.room() == 0 => at.open_log.push(open),
                Seen::Come(news, bytes) => filling.tell(news, bytes),
                _ if open.is_settled(now) => {}
                Seen::Missing | Seen::Waiting(_) => at.open_log.push(open),
            }
        }
        Ok(())
    }

    /// Goes on by some ids. Says whether it could.
    async fn step_ids(
        &self,
        at: &mut Position,
        filling: &mut Filling,
        head: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let ids: Vec<MemoId> = numbers_after(at.ids, head, filling.room()).map(MemoId).collect();
        let read = self.read_many(&ids).await?;
        filling.looked_at = filling.looked_at.saturating_add(ids.len());
        for (id, key, value) in read {
            match value {
                Some(bytes) => {
                    self.tell(filling, id, &key, &bytes);
                    let memo = filling.news.last().and_then(|news| news.memo.as_ref());
                    // Whatever lies below it was taken before.
                    if memo.is_some_and(|memo| now.since(memo.id_taken_at()) >= SETTLED) {
                        at.open_ids.clear();
                    }
                }
                None if at.head.is_some_and(|head| head.is_settled(now) && id.0 <= head.number) => {}
                None if at.open_ids.len() >= OPEN_MAX => {
                    if !self.has_old_memo(at.ids, head, now).await? {
                        at.head = at.head.filter(|head| !head.is_settled(now)).or(Some(Open {
                            number: head,
                            since: now,
                        }));
                        return Ok(false);
                    }
                    at.open_ids.clear();
                }
                None => at.open_ids.push(Open {
                    number: id.0,
                    since: now,
                }),
            }
            at.ids = id.0;
        }
        at.head = at.head.filter(|head| at.ids < head.number);
        Ok(true)
    }

    /// Whether a memo above these ids is so old that they have settled. Looks back from the head, in steps that double.
    async fn has_old_memo(&self, ids: u64, head: u64, now: Timestamp) -> Result<bool, KvError> {
        let mut back = 0;
        while back < head.saturating_sub(ids) {
            for (_, key, value) in self.read_many(&[MemoId(head.saturating_sub(back))]).await? {
                let memo = value.and_then(|bytes| self.readable(&key, &bytes));
                if memo.is_some_and(|memo| now.since(memo.id_taken_at()) >= SETTLED) {
                    return Ok(true);
                }
            }
            back = back.saturating_mul(2).max(1);
        }
        Ok(false)
    }

    /// Goes on by some entries. Says whether it could.
    async fn step_log(
        &self,
        at: &mut Position,
        filling: &mut Filling,
        head: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let numbers: Vec<u64> = numbers_after(at.log, head, filling.room()).collect();
        let seen = self.look_at_entries(&numbers).await?;
        filling.looked_at = filling.looked_at.saturating_add(numbers.len());
        if matches!(seen.first(), Some(Seen::Missing)) && at.log.saturating_add(1) < self.log_start().await? {
            return Err(Error::Expired);
        }
        for (number, seen) in numbers.into_iter().zip(seen) {
            let since = match seen {
                Seen::Come(news, bytes) => {
                    filling.tell(news, bytes);
                    at.log = number;
                    if number % CUT_AT_ONCE == 0 {
                        self.cut_log(now).await;
                    }
                    continue;
                }
                Seen::Waiting(since) => since,
                Seen::Missing => now,
            };
            let open = Open { number, since };
            if !open.is_settled(now) {
                if at.open_log.len() >= OPEN_MAX {
                    return Ok(false);
                }
                at.open_log.push(open);
            }
            at.log = number;
        }
        Ok(true)
    }

    /// Reads these entries, and the memos that they are about.
    async fn look_at_entries(&self, numbers: &[u64]) -> Result<Vec<Seen>, Error> {
        let keys: Vec<String> = numbers.iter().map(|number| self.names.change(*number)).collect();
        let values = self.ports.kv.get_many(&keys).await?;
        let entries: Vec<Option<Entry>> = keys
            .iter()
            .zip(values)
            .map(|(key, value)| value.map(|bytes| decode(key, &bytes)).transpose())
            .collect::<Result<_, _>>()?;
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
            let memo = stored.and_then(|(key, bytes)| self.readable(key, bytes));
            let has_come = match &memo {
                Some(memo) => !entry.gone && memo.version >= entry.version,
                // One that can't be read is not gone.
                None => stored.is_none(),
            };
            seen.push(if has_come {
                let version = memo.as_ref().map_or(entry.version, |memo| memo.version);
                let id = entry.memo;
                Seen::Come(News { id, version, memo }, bytes)
            } else {
                Seen::Waiting(entry.at)
            });
        }
        Ok(seen)
    }

    /// Removes entries that nobody needs any more, from the log's beginning. Two readers who do so at once remove the same
    /// ones. A failure leaves them for the next one.
    async fn cut_log(&self, now: Timestamp) {
        let cut = async {
            let first = self.log_start().await?;
            let mut kept = first;
            for number in first..first.saturating_add(CUT_AT_ONCE) {
                let entry: Option<Entry> = self.ports.kv.get_json(&self.names.change(number)).await?;
                match entry {
                    Some(entry) if now.since(entry.at) < KEPT => break,
                    // Numbers below it that have no entry were lost.
                    Some(_) => kept = number.saturating_add(1),
                    None => {}
                }
            }
            if kept == first {
                return Ok(());
            }
            // First where the log begins, so that nobody takes a removed entry for one that is to come.
            self.ports
                .kv
                .set_json(&self.names.log_start(), &LogStart { first: kept })
                .await?;
            for number in first..kept {
                self.ports.kv.delete(&self.names.change(number)).await?;
            }
            Ok::<(), KvError>(())
        };
        if let Err(error) = cut.await {
            self.ports.warn("the log of changes was not cut", error);
        }
    }
}

/// The next numbers, at most so many.
fn numbers_after(last: u64, head: u64, room: u64) -> std::ops::RangeInclusive<u64> {
    last.saturating_add(1)..=head.min(last.saturating_add(room))
}
