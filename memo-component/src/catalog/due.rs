//! What is due on which day: records that are no longer needed then, found without a scan of the store.
//!
//! | key | holds |
//! |---|---|
//! | `memo/due/{day}` | a counter: how many entries the day has |
//! | `memo/due/{day}/{number}` | an entry: what is due |
//! | `memo/due/from` | how far the days have been gone through; a hint |
//!
//! Whoever makes a record that has an end writes an entry for the day after it. [`sweep`] goes through the days that are
//! over, in bounded steps: anybody may, at any time, and two at once do no more than one. An entry removes nothing that is
//! not due when it is looked at, because a memo may have been taken out of the trash since.

use common::{
    store::{claim::flags_around, kv::KvError},
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{Catalog, Error, names::Names, once, quota::Limits};
use crate::memo::MemoId;

/// How far back the first one looks who goes through the days.
const LOOK_BACK_DAYS: u64 = 400;

/// How long after its beginning a day is gone through, in milliseconds: by then the last entries are there that were made
/// for it just before midnight.
const LATE_MILLIS: u64 = 60 * 60 * 1000;

/// How many days without entries are passed in one step.
const EMPTY_DAYS_AT_ONCE: u64 = 32;

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A memo that has been in the trash for long enough.
    Trash {
        /// Whose.
        user: UserId,
        /// Which.
        memo: MemoId,
    },
    /// What an idempotency key stands for.
    Key {
        /// Whose.
        user: UserId,
        /// The key's digest.
        digest: String,
    },
    /// A claim's flag that somebody met and that may have been left behind.
    Flag {
        /// The record's key.
        record: String,
        /// The version that was claimed.
        version: u64,
        /// When it was met.
        met_at: Timestamp,
    },
}

/// How far the days have been gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct From {
    day: u64,
    /// How many of the day's entries.
    done: u64,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many records it removed.
    pub removed: usize,
    /// Whether there is more to do.
    pub more: bool,
}

fn day_key(day: u64) -> String {
    format!("memo/due/{day}")
}

fn entry_key(day: u64, number: u64) -> String {
    format!("memo/due/{day}/{number}")
}

const FROM: &str = "memo/due/from";

/// Enters something into the list of a day. One increment and one set; without `increment` one set.
///
/// # Errors
/// Those of the store.
pub async fn enlist(ports: &Ports, day: u64, due: &Due) -> Result<(), KvError> {
    let number = ports.number_of(&day_key(day)).await?;
    ports.kv.set_json(&entry_key(day, number), due).await
}

/// Removes what is due, at most `limit` entries of the lists.
///
/// # Errors
/// Those of the store; what was not done is done by the next one.
pub async fn sweep(ports: &Ports, limits: &Limits, limit: u64) -> Result<Swept, Error> {
    let now = ports.clock.now();
    let today = Timestamp(now.0.saturating_sub(LATE_MILLIS)).day();
    if ports.kv.has_increment() {
        sweep_days(ports, limits, limit, today).await
    } else {
        sweep_keys(ports, limits, limit, today).await
    }
}

async fn sweep_days(ports: &Ports, limits: &Limits, limit: u64, today: u64) -> Result<Swept, Error> {
    let stored: Option<From> = ports.kv.get_json(FROM).await?;
    let begun = stored.unwrap_or(From {
        day: today.saturating_sub(LOOK_BACK_DAYS),
        done: 0,
    });
    let mut from = begun;
    let mut swept = Swept::default();
    let mut left = limit;
    let mut empty_days = 0;
    while from.day <= today && left > 0 && empty_days < EMPTY_DAYS_AT_ONCE {
        let day = day_key(from.day);
        let is_there = ports.kv.exists(&day).await?;
        let count = if is_there {
            u64::try_from(ports.kv.increment(&day, 0).await?).unwrap_or(0)
        } else {
            empty_days = empty_days.saturating_add(1);
            0
        };
        while from.done < count && left > 0 {
            let key = entry_key(from.day, from.done.saturating_add(1));
            swept.removed = swept.removed.saturating_add(settle(ports, limits, &key).await?);
            from.done = from.done.saturating_add(1);
            left = left.saturating_sub(1);
        }
        if from.done < count || from.day == today {
            break;
        }
        // Also at 0: another one may have deleted it meanwhile, and reading it made it anew.
        if is_there {
            ports.kv.delete(&day).await?;
        }
        from = From {
            day: from.day.saturating_add(1),
            done: 0,
        };
    }
    if from != begun {
        ports.kv.set_json(FROM, &from).await?;
    }
    swept.more = from.day < today || left == 0;
    Ok(swept)
}

/// The same by the store's keys.
async fn sweep_keys(ports: &Ports, limits: &Limits, limit: u64, today: u64) -> Result<Swept, Error> {
    let mut swept = Swept::default();
    let mut left = limit;
    for key in ports.kv.keys("memo/due/").await? {
        let day = key.split('/').nth(2).and_then(|day| day.parse::<u64>().ok());
        if day.is_none_or(|day| day > today) {
            continue;
        }
        if left == 0 {
            swept.more = true;
            break;
        }
        left = left.saturating_sub(1);
        swept.removed = swept.removed.saturating_add(settle(ports, limits, &key).await?);
    }
    Ok(swept)
}

/// Does what an entry asks for, and removes it. Says how many records are gone.
async fn settle(ports: &Ports, limits: &Limits, key: &str) -> Result<usize, Error> {
    let due: Option<Due> = match ports.kv.get_json(key).await {
        Ok(due) => due,
        Err(error @ KvError::Corrupt { .. }) => {
            ports.warn("an entry of what is due can't be read", error);
            None
        }
        Err(error) => return Err(error.into()),
    };
    let removed = match due {
        None => 0,
        Some(due) => match fulfil(ports, limits, due).await {
            // One record that can't be read must not keep everybody else's from being gone through.
            Err(Error::Store(error @ KvError::Corrupt { .. })) => {
                ports.warn("what is due can't be read", error);
                0
            }
            fulfilled => fulfilled?,
        },
    };
    ports.kv.delete(key).await?;
    Ok(removed)
}

/// Removes what an entry is about, if it is due. Says how many records are gone.
async fn fulfil(ports: &Ports, limits: &Limits, due: Due) -> Result<usize, Error> {
    Ok(match due {
        Due::Trash { user, memo } => {
            let catalog = Catalog::of(&user, ports, limits);
            usize::from(catalog.purge_if_due(memo).await?)
        }
        Due::Key { user, digest } => {
            let record = Names(&user).once(&digest);
            usize::from(once::forget_if_old(ports, &record).await?)
        }
        Due::Flag {
            record,
            version,
            met_at,
        } => {
            for flag in flags_around(&record, version, met_at) {
                ports.kv.delete(&flag).await?;
            }
            1
        }
    })
}
