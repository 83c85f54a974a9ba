//! The feed over dense ids and a dense log.

use std::collections::BTreeSet;

use common::world::clock::Timestamp;

use super::{
    Entry, LOOK_MAX, News, Noted, OPEN_MAX, Open, Position, Reading, STEP,
    log::{CUT_EVERY, back_from},
};
use crate::{
    catalog::{Catalog, Error, counters::Heads, page::PAGE_MAX_BYTES, skip::SETTLED},
    memo::{Memo, MemoId},
};

/// A reading that is being filled.
struct Filling {
    limit: usize,
    bytes: usize,
    looked_at: usize,
    news: Vec<News>,
    told: BTreeSet<MemoId>,
    /// Ids and numbers up to these will never come, where they have not by now.
    settled: Heads,
}

impl Filling {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: 0,
            looked_at: 0,
            news: Vec::new(),
            told: BTreeSet::new(),
            settled: Heads { id: 0, change: 0 },
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
    /// It has, and the memo is gone since, which has an entry of its own.
    Over,
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
        let settled = position.noted.filter(|noted| now.since(noted.at) >= SETTLED);
        filling.settled = settled.map_or(filling.settled, |noted| noted.heads);
        self.reopen_ids(&mut position, &mut filling, now).await?;
        self.reopen_log(&mut position, &mut filling, now).await?;
        let mut ids_go_on = true;
        while ids_go_on && position.ids < heads.id && filling.room() > 0 {
            ids_go_on = self.step_ids(&mut position, &mut filling, heads.id, now).await?
                || self.settle_ids(&mut position, &mut filling, heads.id, now).await?;
        }
        // What happened to the memos does not wait for ids that settle.
        let mut log_goes_on = true;
        while log_goes_on && position.log < heads.change && filling.room() > 0 {
            log_goes_on = self.step_log(&mut position, &mut filling, heads.change, now).await?
                || self.settle_log(&mut position, &mut filling, heads.change, now).await?;
        }
        let (more_ids, more_log) = (position.ids < heads.id, position.log < heads.change);
        if !more_ids && !more_log {
            position.noted = None;
        } else if !(ids_go_on && log_goes_on) && (position.noted.is_none() || settled.is_some()) {
            // Whoever is stuck above what was noted notes anew.
            position.noted = Some(Noted { heads, at: now });
        }
        Ok(Reading {
            news: filling.news,
            next: position,
            more: (ids_go_on && more_ids) || (log_goes_on && more_log),
        })
    }

    /// There are more open ids than a position holds: looks for a memo above them that is old enough, because all ids below
    /// it were taken before. Says whether there is one.
    async fn settle_ids(
        &self,
        at: &mut Position,
        filling: &mut Filling,
        head: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        for id in back_from(head).take_while(|id| *id > at.ids) {
            let read = self.read_many(&[MemoId(id)]).await?;
            let memo = read
                .iter()
                .find_map(|(_, key, value)| self.readable(key, value.as_ref()?));
            if memo.is_some_and(|memo| now.since(memo.id_taken_at()) >= SETTLED) {
                filling.settled.id = id;
                at.open_ids.clear();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same for open entries and an entry above them.
    async fn settle_log(
        &self,
        at: &mut Position,
        filling: &mut Filling,
        head: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let settled = self.log_before(head, now).await?;
        if settled <= at.log {
            return Ok(false);
        }
        filling.settled.change = settled;
        at.open_log.clear();
        Ok(true)
    }

    /// Looks again at ids that had no memo.
    async fn reopen_ids(&self, at: &mut Position, filling: &mut Filling, now: Timestamp) -> Result<(), Error> {
        let open: Vec<Open> = std::mem::take(&mut at.open_ids).into_iter().take(OPEN_MAX).collect();
        let ids: Vec<MemoId> = open.iter().map(|open| MemoId(open.number)).collect();
        for (open, (id, key, value)) in open.into_iter().zip(self.read_many(&ids).await?) {
            match value {
                Some(_) if filling.room() == 0 => at.open_ids.push(open),
                Some(bytes) => {
                    if let Some(memo) = self.readable(&key, &bytes) {
                        filling.tell(news_of(id, memo), bytes.len());
                    }
                }
                None if open.is_settled(now) || id.0 <= filling.settled.id => {}
                None => at.open_ids.push(open),
            }
        }
        Ok(())
    }

    /// Looks again at entries whose change had not come.
    async fn reopen_log(&self, at: &mut Position, filling: &mut Filling, now: Timestamp) -> Result<(), Error> {
        let open: Vec<Open> = std::mem::take(&mut at.open_log).into_iter().take(OPEN_MAX).collect();
        let numbers: Vec<u64> = open.iter().map(|open| open.number).collect();
        for (open, seen) in open.into_iter().zip(self.look_at_entries(&numbers).await?) {
            match seen {
                Seen::Come(..) if filling.room() == 0 => at.open_log.push(open),
                Seen::Come(news, bytes) => filling.tell(news, bytes),
                Seen::Over => {}
                _ if open.is_settled(now) || open.number <= filling.settled.change => {}
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
                    if let Some(memo) = self.readable(&key, &bytes) {
                        // Whatever lies below it was taken before.
                        if now.since(memo.id_taken_at()) >= SETTLED {
                            at.open_ids.clear();
                        }
                        filling.tell(news_of(id, memo), bytes.len());
                    }
                }
                None if id.0 <= filling.settled.id => {}
                None if at.open_ids.len() >= OPEN_MAX => return Ok(false),
                None => at.open_ids.push(Open {
                    number: id.0,
                    since: now,
                }),
            }
            at.ids = id.0;
        }
        Ok(true)
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
                    if number % CUT_EVERY == 0 {
                        self.cut_log(now).await;
                    }
                    continue;
                }
                Seen::Over => {
                    at.log = number;
                    continue;
                }
                Seen::Waiting(since) => since,
                Seen::Missing => now,
            };
            let open = Open { number, since };
            if !open.is_settled(now) && number > filling.settled.change {
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
            .map(|(key, value)| self.readable_entry(key, &value?))
            .collect();
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

fn news_of(id: MemoId, memo: Memo) -> News {
    News {
        id,
        version: memo.version,
        memo: Some(memo),
    }
}

/// The next numbers, at most so many.
fn numbers_after(last: u64, head: u64, room: u64) -> std::ops::RangeInclusive<u64> {
    last.saturating_add(1)..=head.min(last.saturating_add(room))
}
