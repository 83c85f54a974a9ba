//! The feed over dense ids and a dense log.

use std::collections::BTreeSet;

use common::world::clock::Timestamp;

use super::{
    LOOK_MAX, News, Noted, OPEN_MAX, Open, Position, Reading, STEP,
    entries::{Seen, news_of},
    log::{CUT_EVERY, back_from},
};
use crate::{
    catalog::{Catalog, Error, counters::Heads, page::PAGE_MAX_BYTES, skip::SETTLED},
    memo::MemoId,
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

/// A reading that is under way.
struct Reader<'a> {
    catalog: &'a Catalog<'a>,
    heads: Heads,
    /// A moment after the heads were read: all numbers up to them were taken before.
    now: Timestamp,
    at: Position,
    filling: Filling,
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
        let settled = position.noted.filter(|noted| now.since(noted.at) >= SETTLED);
        let mut filling = Filling::new(limit);
        filling.settled = settled.map_or(filling.settled, |noted| noted.heads);
        let mut reader = Reader {
            catalog: self,
            heads,
            now,
            at: position,
            filling,
        };
        reader.reopen_ids().await?;
        reader.reopen_log().await?;
        // What happened to the memos does not wait for ids that settle.
        let (ids_go_on, log_goes_on) = (reader.read_ids().await?, reader.read_log().await?);
        let Reader {
            at: mut next, filling, ..
        } = reader;
        let (more_ids, more_log) = (next.ids < heads.id, next.log < heads.change);
        if !more_ids && !more_log {
            next.noted = None;
        } else if !(ids_go_on && log_goes_on) && (next.noted.is_none() || settled.is_some()) {
            // Whoever is stuck above what was noted notes anew.
            next.noted = Some(Noted { heads, at: now });
        }
        Ok(Reading {
            news: filling.news,
            next,
            more: (ids_go_on && more_ids) || (log_goes_on && more_log),
        })
    }
}

impl Reader<'_> {
    /// Goes on in the ids as far as there is room. Says whether it did not get stuck.
    async fn read_ids(&mut self) -> Result<bool, Error> {
        while self.at.ids < self.heads.id && self.filling.room() > 0 {
            if !self.step_ids().await? && !self.settle_ids().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same in the log.
    async fn read_log(&mut self) -> Result<bool, Error> {
        while self.at.log < self.heads.change && self.filling.room() > 0 {
            if !self.step_log().await? && !self.settle_log().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// There are more open ids than a position holds: looks for a memo above them that is old enough, because all ids below
    /// it were taken before. Says whether there is one.
    async fn settle_ids(&mut self) -> Result<bool, Error> {
        for id in back_from(self.heads.id).take_while(|id| *id > self.at.ids) {
            let read = self.catalog.read_many(&[MemoId(id)]).await?;
            let memo = match read.first() {
                Some((_, key, Some(bytes))) => self.catalog.readable(key, bytes)?,
                _ => None,
            };
            if memo.is_some_and(|memo| self.now.since(memo.id_taken_at()) >= SETTLED) {
                self.filling.settled.id = id;
                self.at.open_ids.clear();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same for open entries and an entry above them.
    async fn settle_log(&mut self) -> Result<bool, Error> {
        let settled = self.catalog.log_before(self.heads.change, self.now).await?;
        if settled <= self.at.log {
            return Ok(false);
        }
        self.filling.settled.change = settled;
        self.at.open_log.clear();
        Ok(true)
    }

    /// Looks again at ids that had no memo.
    async fn reopen_ids(&mut self) -> Result<(), Error> {
        let open: Vec<Open> = std::mem::take(&mut self.at.open_ids)
            .into_iter()
            .take(OPEN_MAX)
            .collect();
        let ids: Vec<MemoId> = open.iter().map(|open| MemoId(open.number)).collect();
        for (open, (id, key, value)) in open.into_iter().zip(self.catalog.read_many(&ids).await?) {
            match value {
                Some(_) if self.filling.room() == 0 => self.at.open_ids.push(open),
                Some(bytes) => {
                    if let Some(memo) = self.catalog.readable(&key, &bytes)? {
                        self.filling.tell(news_of(id, memo), bytes.len());
                    }
                }
                None if open.is_settled(self.now) || id.0 <= self.filling.settled.id => {}
                None => self.at.open_ids.push(open),
            }
        }
        Ok(())
    }

    /// Looks again at entries whose change had not come.
    async fn reopen_log(&mut self) -> Result<(), Error> {
        let open: Vec<Open> = std::mem::take(&mut self.at.open_log)
            .into_iter()
            .take(OPEN_MAX)
            .collect();
        let numbers: Vec<u64> = open.iter().map(|open| open.number).collect();
        for (open, seen) in open.into_iter().zip(self.catalog.look_at_entries(&numbers).await?) {
            match seen {
                Seen::Come(..) if self.filling.room() == 0 => self.at.open_log.push(open),
                Seen::Come(news, bytes) => self.filling.tell(news, bytes),
                Seen::Over => {}
                _ if open.is_settled(self.now) || open.number <= self.filling.settled.change => {}
                Seen::Missing | Seen::Waiting(_) => self.at.open_log.push(open),
            }
        }
        Ok(())
    }

    /// Goes on by some ids. Says whether it could.
    async fn step_ids(&mut self) -> Result<bool, Error> {
        let ids: Vec<MemoId> = numbers_after(self.at.ids, self.heads.id, self.filling.room())
            .map(MemoId)
            .collect();
        let read = self.catalog.read_many(&ids).await?;
        self.filling.looked_at = self.filling.looked_at.saturating_add(ids.len());
        for (id, key, value) in read {
            match value {
                Some(bytes) => {
                    if let Some(memo) = self.catalog.readable(&key, &bytes)? {
                        // Whatever lies below it was taken before.
                        if self.now.since(memo.id_taken_at()) >= SETTLED {
                            self.at.open_ids.clear();
                        }
                        self.filling.tell(news_of(id, memo), bytes.len());
                    }
                }
                None if id.0 <= self.filling.settled.id => {}
                None if self.at.open_ids.len() >= OPEN_MAX => return Ok(false),
                None => self.at.open_ids.push(Open {
                    number: id.0,
                    since: self.now,
                }),
            }
            self.at.ids = id.0;
        }
        Ok(true)
    }

    /// Goes on by some entries. Says whether it could.
    async fn step_log(&mut self) -> Result<bool, Error> {
        let numbers: Vec<u64> = numbers_after(self.at.log, self.heads.change, self.filling.room()).collect();
        let seen = self.catalog.look_at_entries(&numbers).await?;
        self.filling.looked_at = self.filling.looked_at.saturating_add(numbers.len());
        if matches!(seen.first(), Some(Seen::Missing))
            && self.at.log.saturating_add(1) < self.catalog.log_start().await?
        {
            return Err(Error::Expired);
        }
        for (number, seen) in numbers.into_iter().zip(seen) {
            let since = match seen {
                Seen::Come(news, bytes) => {
                    self.filling.tell(news, bytes);
                    self.at.log = number;
                    if number % CUT_EVERY == 0 {
                        self.catalog.cut_log(self.now).await;
                    }
                    continue;
                }
                Seen::Over => {
                    self.at.log = number;
                    continue;
                }
                Seen::Waiting(since) => since,
                Seen::Missing => self.now,
            };
            let open = Open { number, since };
            if !open.is_settled(self.now) && number > self.filling.settled.change {
                if self.at.open_log.len() >= OPEN_MAX {
                    return Ok(false);
                }
                self.at.open_log.push(open);
            }
            self.at.log = number;
        }
        Ok(true)
    }
}

/// The next numbers, at most so many.
fn numbers_after(last: u64, head: u64, room: u64) -> std::ops::RangeInclusive<u64> {
    last.saturating_add(1)..=head.min(last.saturating_add(room))
}
