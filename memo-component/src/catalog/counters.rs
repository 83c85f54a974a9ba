//! A person's two counters, each of which holds two numbers.
//!
//! | counter | low bits | high bits |
//! |---|---|---|
//! | `memo/{user}/seq` | the newest id that was given out | how many of these ids have no memo any more |
//! | `memo/{user}/changes` | the bytes that the memos count for | the number of the latest change |
//!
//! One increment moves both numbers of a counter, so that the quotas cost a create one increment and a change none.
//!
//! What is counted is never less than what there is: a memo is counted before it is written, and taken off after it is
//! gone. A request that stops in between leaves one memo counted too many. Ids that were lost before there were quotas
//! count as memos.

use common::{store::kv::KvError, world::clock::Timestamp};
use futures::join;
use serde::{Deserialize, Serialize};

use super::{Catalog, Error, Quota};
use crate::memo::MemoId;

/// Two signed numbers in one counter.
#[derive(Clone, Copy)]
struct Pair {
    /// How many bits the lower number has, its sign among them.
    low_bits: u32,
}

const SEQ: Pair = Pair { low_bits: 32 };
const CHANGES: Pair = Pair { low_bits: 34 };

impl Pair {
    fn join(self, high: i64, low: i64) -> i64 {
        (high << self.low_bits).wrapping_add(low)
    }

    fn split(self, value: i64) -> (i64, i64) {
        let half = 1_i64 << (self.low_bits - 1);
        let mask = (1_i64 << self.low_bits) - 1;
        let low = (value.wrapping_add(half) & mask).wrapping_sub(half);
        (value.wrapping_sub(low) >> self.low_bits, low)
    }
}

/// How far a person's counters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// The newest id that was given out.
    pub id: u64,
    /// The number of the latest change.
    pub change: u64,
}

/// The store's counter holds what these services never put there.
fn corrupt(key: String) -> KvError {
    KvError::Corrupt {
        key,
        cause: "a counter out of its range".to_owned(),
    }
}

impl Catalog<'_> {
    /// Takes the id of a memo of so many bytes: nobody else gets it. An id may be lost when the store fails. Two increments
    /// at once.
    pub(super) async fn take_id(&self, bytes: u32, now: Timestamp) -> Result<MemoId, Error> {
        if !self.ports.kv.has_increment() {
            return self.time_ordered(now).map(MemoId);
        }
        let kv = &self.ports.kv;
        let (seq_key, changes_key) = (self.names.seq(), self.names.changes());
        let (seq, changes) = join!(kv.increment(&seq_key, 1), kv.increment(&changes_key, i64::from(bytes)));
        let (gone, id) = SEQ.split(seq?);
        let (_, used) = CHANGES.split(changes?);
        let memos = id.saturating_sub(gone);
        if let Err(refused) = self
            .limits
            .check_memos(memos)
            .and_then(|()| self.limits.check_bytes(used, bytes))
        {
            self.give_back(bytes).await;
            return Err(refused.into());
        }
        match u64::try_from(id) {
            Ok(id) if id > 0 => Ok(MemoId(id)),
            _ => Err(corrupt(seq_key).into()),
        }
    }

    /// Takes the number of a change that makes a memo count for so many bytes more. One increment. Says which quota does
    /// not allow it; the number is lost then.
    pub(super) async fn take_change(&self, growth: u32, now: Timestamp) -> Result<Result<u64, Quota>, Error> {
        if !self.ports.kv.has_increment() {
            return self.time_ordered(now).map(Ok);
        }
        let key = self.names.changes();
        let value = self.ports.kv.increment(&key, CHANGES.join(1, growth.into())).await?;
        let (number, used) = CHANGES.split(value);
        if growth > 0
            && let Err(refused) = self.limits.check_bytes(used, growth)
        {
            let undone = self.ports.kv.increment(&key, -i64::from(growth)).await;
            self.warn_of_drift(undone);
            return Ok(Err(refused));
        }
        u64::try_from(number).map(Ok).map_err(|_| corrupt(key).into())
    }

    /// A memo of so many bytes is gone: it counts no longer. Where that fails it goes on counting, which is no reason to
    /// call a removal failed that was made.
    pub(super) async fn give_back(&self, bytes: u32) {
        if !self.ports.kv.has_increment() {
            return;
        }
        let kv = &self.ports.kv;
        let (seq_key, changes_key) = (self.names.seq(), self.names.changes());
        let (seq, changes) = join!(
            kv.increment(&seq_key, SEQ.join(1, 0)),
            kv.increment(&changes_key, -i64::from(bytes))
        );
        self.warn_of_drift(seq);
        self.warn_of_drift(changes);
    }

    fn warn_of_drift(&self, undone: Result<i64, KvError>) {
        if let Err(error) = undone {
            self.ports.warn("a memo that is gone goes on counting", error);
        }
    }

    /// How far the counters are. Two increments by nothing, at once.
    pub(super) async fn heads(&self) -> Result<Heads, KvError> {
        let kv = &self.ports.kv;
        let (seq_key, changes_key) = (self.names.seq(), self.names.changes());
        let (seq, changes) = join!(kv.increment(&seq_key, 0), kv.increment(&changes_key, 0));
        Ok(Heads {
            id: u64::try_from(SEQ.split(seq?).1).unwrap_or(0),
            change: u64::try_from(CHANGES.split(changes?).0).unwrap_or(0),
        })
    }

    /// The newest id that was given out. One increment by nothing.
    pub(super) async fn newest_id(&self) -> Result<u64, KvError> {
        let seq = self.ports.kv.increment(&self.names.seq(), 0).await?;
        Ok(u64::try_from(SEQ.split(seq).1).unwrap_or(0))
    }

    /// A number for stores without `increment`: 42 bits of milliseconds, 21 random ones. 2^-21 is the chance that two
    /// numbers of one person in one millisecond are the same.
    fn time_ordered(&self, now: Timestamp) -> Result<u64, Error> {
        let random: [u8; 4] = self.ports.random.bytes()?;
        Ok(number_at(now) | u64::from(u32::from_le_bytes(random) >> 11))
    }
}

/// The smallest time-ordered number of a moment.
pub fn number_at(moment: Timestamp) -> u64 {
    moment.0 << 21
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_gives_back_what_was_joined() {
        for pair in [SEQ, CHANGES] {
            let most = (1_i64 << (pair.low_bits - 1)) - 1;
            for high in [0, 1, 7, 100_000_000] {
                for low in [0, 1, -1, 5, most, -most] {
                    assert_eq!(pair.split(pair.join(high, low)), (high, low));
                }
            }
        }
    }

    #[test]
    fn the_numbers_of_a_pair_do_not_touch_each_other() {
        // A lower number that was taken off twice is negative, and the upper one is what it was.
        let value = CHANGES.join(1, 10) + CHANGES.join(1, 0) - 10 - 10;
        assert_eq!(CHANGES.split(value), (2, -10));
    }

    #[test]
    fn a_counter_from_before_there_were_pairs_reads_as_ids_alone() {
        assert_eq!(SEQ.split(12_345), (0, 12_345));
    }
}
