//! A person's two counters, each of which holds several numbers.
//!
//! | counter | from its low bits to its high ones |
//! |---|---|
//! | `memo/{user}/seq` | the newest id that was given out; the KiB that memos were created with; how many memos there are |
//! | `memo/{user}/changes` | the KiB that memos have grown by since; the number of the latest change |
//!
//! One increment moves all numbers of a counter. A component is at a standstill while it increments, because that call has
//! no asynchronous form, so a create makes do with one and a change with one more than its claim. Only who uses more than
//! half of their quota needs to look at both counters.
//!
//! What is counted is never less than what there is: a memo is counted before it is written, and taken off after it is
//! gone. A request that stops in between leaves one memo counted too many. Memos from before there were quotas count for
//! what they have grown by since.

use common::{store::kv::KvError, world::clock::Timestamp};
use serde::{Deserialize, Serialize};

use super::{Catalog, Error, Quota};
use crate::memo::{Charge, MemoId};

/// How many bits an id has in its counter.
const ID_BITS: u32 = 25;
/// How many bits a number of KiB has beside it, its sign among them.
const KIB_BITS: u32 = 20;
/// How many bits the KiB have beside the number of a change, their sign among them.
const GROWN_BITS: u32 = 24;

/// What is added to the id of a counter that is closed: from here on no ids are given out. So an id has eight million places,
/// and a counter that is closed twice, by a request whose increment came late, is closed all the same.
const CLOSED: i64 = 1 << (ID_BITS - 2);

/// The numbers of `seq`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seq {
    id: i64,
    kib: i64,
    memos: i64,
}

impl Seq {
    fn joined(self) -> i64 {
        let upper = (self.memos << KIB_BITS).wrapping_add(self.kib);
        (upper << ID_BITS).wrapping_add(self.id)
    }

    fn of(value: i64) -> Self {
        // Ids only grow, so theirs is the one number without a sign.
        let id = value & ((1 << ID_BITS) - 1);
        let (memos, kib) = split(value >> ID_BITS, KIB_BITS);
        Self { id, kib, memos }
    }

    fn is_closed(self) -> bool {
        self.id >= CLOSED
    }

    /// The newest id that was given out, also of a counter that is closed.
    fn newest(self) -> i64 {
        self.id & (CLOSED - 1)
    }
}

/// The numbers of `changes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Changes {
    grown_kib: i64,
    number: i64,
}

impl Changes {
    fn joined(self) -> i64 {
        (self.number << GROWN_BITS).wrapping_add(self.grown_kib)
    }

    fn of(value: i64) -> Self {
        let (number, grown_kib) = split(value, GROWN_BITS);
        Self { grown_kib, number }
    }
}

/// The upper number and the lower one, which has so many bits and a sign: one that was taken off twice does not reach the
/// upper one.
fn split(value: i64, bits: u32) -> (i64, i64) {
    let half = 1_i64 << (bits - 1);
    let mask = (1_i64 << bits) - 1;
    let low = (value.wrapping_add(half) & mask).wrapping_sub(half);
    (value.wrapping_sub(low) >> bits, low)
}

/// How far a person's counters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// The newest id that was given out.
    pub id: u64,
    /// The number of the latest change.
    pub change: u64,
}

/// The number of a change, and where the growth that it makes is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The number.
    pub number: u64,
    /// Whether the growth is counted where memos are created.
    pub with_ids: bool,
}

/// A number as it is used outside of its counter, where it is never negative.
fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl Catalog<'_> {
    /// Takes the id of a memo of so many KiB: nobody else gets it. An id may be lost when the store fails. One increment,
    /// and another by nothing where the quota of bytes is half used.
    pub(super) async fn take_id(&self, kib: u32, now: Timestamp) -> Result<MemoId, Error> {
        let ids = self.take_ids(1, kib, now).await?;
        ids.first()
            .copied()
            .ok_or_else(|| KvError::Refused("no id was asked for".to_owned()).into())
    }

    /// The same for so many memos that have so many KiB together: all get an id, or none does.
    pub(super) async fn take_ids(&self, memos: u32, kib: u32, now: Timestamp) -> Result<Vec<MemoId>, Error> {
        if !self.ports.kv.has_increment() {
            return (0..memos).map(|_| self.time_ordered(now).map(MemoId)).collect();
        }
        let taken = Seq {
            id: memos.into(),
            kib: kib.into(),
            memos: memos.into(),
        };
        let seq = Seq::of(self.ports.kv.increment(&self.names.seq(), taken.joined()).await?);
        if seq.is_closed() {
            // Nobody was given these ids or later ones, so they can be taken back.
            self.count_off_seq(taken).await;
            return Err(Error::Closed);
        }
        if let Err(refused) = self.check(seq, taken).await? {
            self.count_off_seq(Seq { id: 0, ..taken }).await;
            return Err(refused.into());
        }
        let first = seq.id.saturating_sub(taken.id).saturating_add(1);
        Ok((first..=seq.id).map(|id| MemoId(natural(id))).collect())
    }

    /// Takes the number of a change that makes a memo of this charge count for so many KiB more. One increment, and another
    /// where it does. Says which quota does not allow it; the number is lost then.
    pub(super) async fn take_change(
        &self,
        charge: Charge,
        growth: u32,
        now: Timestamp,
    ) -> Result<Result<Taken, Quota>, Error> {
        if !self.ports.kv.has_increment() {
            let number = self.time_ordered(now)?;
            return Ok(Ok(Taken {
                number,
                with_ids: false,
            }));
        }
        let taken = Changes {
            number: 1,
            grown_kib: growth.into(),
        };
        let key = self.names.changes();
        let changes = Changes::of(self.ports.kv.increment(&key, taken.joined()).await?);
        let with_ids = growth > 0 && !self.limits.is_less_than_half(changes.grown_kib);
        let allowed = if with_ids {
            self.grow_with_ids(charge, growth).await?
        } else if growth > 0 {
            self.grow(growth, changes).await?
        } else {
            Ok(())
        };
        let number = natural(changes.number);
        Ok(allowed.map(|()| Taken { number, with_ids }))
    }

    /// Whether memos may have grown by so much as this counter says.
    async fn grow(&self, growth: u32, changes: Changes) -> Result<Result<(), Quota>, KvError> {
        let created = Seq::of(self.ports.kv.increment(&self.names.seq(), 0).await?).kib;
        let allowed = self
            .limits
            .check_kib(created.saturating_add(changes.grown_kib), growth.into());
        if allowed.is_err() {
            self.count_off_changes(growth).await;
        }
        Ok(allowed)
    }

    /// Counts growth where ids are, because its own half of the quota is used up: whoever finds that the memos were created
    /// with less than half of it relies on the other half being no more than that.
    async fn grow_with_ids(&self, charge: Charge, growth: u32) -> Result<Result<(), Quota>, KvError> {
        self.count_off_changes(growth).await;
        let taken = Seq {
            id: 0,
            kib: growth.into(),
            // A memo from before there were quotas is counted from now on, as it will be taken off.
            memos: i64::from(charge.created_kib == 0),
        };
        let created = Seq::of(self.ports.kv.increment(&self.names.seq(), taken.joined()).await?).kib;
        let grown = Changes::of(self.ports.kv.increment(&self.names.changes(), 0).await?).grown_kib;
        let allowed = self.limits.check_kib(created.saturating_add(grown), growth.into());
        if allowed.is_err() {
            self.count_off_seq(taken).await;
        }
        Ok(allowed)
    }

    /// Whether the quotas allow what the counter of ids says. It knows one part of the bytes; the other is never more than
    /// half of the quota, and looked at only when this one is.
    async fn check(&self, seq: Seq, taken: Seq) -> Result<Result<(), Quota>, KvError> {
        if let Err(refused) = self.limits.check_memos(seq.memos, taken.memos) {
            return Ok(Err(refused));
        }
        if self.limits.is_less_than_half(seq.kib) {
            return Ok(Ok(()));
        }
        let grown = Changes::of(self.ports.kv.increment(&self.names.changes(), 0).await?).grown_kib;
        Ok(self.limits.check_kib(seq.kib.saturating_add(grown), taken.kib))
    }

    /// A memo that counted for so much is gone. Where that can't be counted it goes on counting, which is no reason to call
    /// a removal failed that was made.
    pub(super) async fn give_back(&self, charge: Charge) {
        if !self.ports.kv.has_increment() {
            return;
        }
        if charge.created_kib > 0 {
            let counted = Seq {
                id: 0,
                kib: charge.created_kib.into(),
                memos: 1,
            };
            self.count_off_seq(counted).await;
        }
        if charge.grown_kib > 0 {
            self.count_off_changes(charge.grown_kib).await;
        }
    }

    async fn count_off_seq(&self, counted: Seq) {
        let less = counted.joined().wrapping_neg();
        self.warn_of_drift(self.ports.kv.increment(&self.names.seq(), less).await);
    }

    async fn count_off_changes(&self, kib: u32) {
        let less = i64::from(kib).wrapping_neg();
        self.warn_of_drift(self.ports.kv.increment(&self.names.changes(), less).await);
    }

    fn warn_of_drift(&self, counted: Result<i64, KvError>) {
        if let Err(error) = counted {
            self.ports.warn("a memo that is gone goes on counting", error);
        }
    }

    /// How far the counters are. Two increments by nothing.
    pub(super) async fn heads(&self) -> Result<Heads, KvError> {
        let id = self.newest_id().await?;
        let changes = self.ports.kv.increment(&self.names.changes(), 0).await?;
        Ok(Heads {
            id,
            change: natural(Changes::of(changes).number),
        })
    }

    /// The newest id that was given out. One increment by nothing.
    pub(super) async fn newest_id(&self) -> Result<u64, KvError> {
        let seq = self.ports.kv.increment(&self.names.seq(), 0).await?;
        Ok(natural(Seq::of(seq).newest()))
    }

    /// Closes the counter of ids: no memo can be created any more. Stores without `increment` have none.
    pub(super) async fn close(&self) -> Result<(), KvError> {
        let key = self.names.seq();
        if self.ports.kv.has_increment() && !Seq::of(self.ports.kv.increment(&key, 0).await?).is_closed() {
            self.ports.kv.increment(&key, CLOSED).await?;
        }
        Ok(())
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
    fn the_numbers_of_a_counter_are_read_as_they_were_joined() {
        for id in [0, 1, CLOSED - 1, CLOSED, 2 * CLOSED + 1] {
            for kib in [0, 1, -1, 500_000, -500_000] {
                for memos in [0, 1, -1, 130_000, -130_000] {
                    let seq = Seq { id, kib, memos };
                    assert_eq!(Seq::of(seq.joined()), seq);
                }
            }
        }
        for number in [0, 1, 500_000_000_000] {
            for grown_kib in [0, 1, -1, 8_000_000, -8_000_000] {
                let changes = Changes { grown_kib, number };
                assert_eq!(Changes::of(changes.joined()), changes);
            }
        }
    }

    #[test]
    fn what_is_taken_off_twice_touches_no_other_number() {
        let one = Seq {
            id: 1,
            kib: 3,
            memos: 1,
        }
        .joined();
        let off = Seq {
            id: 0,
            kib: 3,
            memos: 1,
        }
        .joined();
        let seq = Seq::of(one + one - off - off - off);
        assert_eq!((seq.id, seq.kib, seq.memos), (2, -3, -1));
    }

    #[test]
    fn a_counter_from_before_there_were_quotas_reads_as_ids_alone() {
        let seq = Seq {
            id: 12_345,
            kib: 0,
            memos: 0,
        };
        assert_eq!(Seq::of(12_345), seq);
    }
}
