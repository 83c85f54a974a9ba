//! What is due on which day: records that are no longer needed then, found without a scan of the store.
//!
//! | key | holds |
//! |---|---|
//! | `{list}/{day}` | a counter: how many entries the day has |
//! | `{list}/{day}/{number}` | an entry: what is due |
//! | `{list}/from` | how far the days have been gone through; a hint |
//!
//! Whoever makes a record that has an end writes an entry for the day after it. [`DueList::sweep`] goes through the days that
//! are over, in bounded steps: anybody may, at any time, and two at once do no more than one. An entry decides nothing: whoever
//! fulfils it looks again whether what it names is due.

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::kv::KvError;
use crate::world::{Ports, clock::Timestamp};

/// How far back the first one looks who goes through the days.
const LOOK_BACK_DAYS: u64 = 400;

/// How long after its beginning a day is gone through, in milliseconds: by then the last entries are there that were made
/// for it just before midnight.
const LATE_MILLIS: u64 = 60 * 60 * 1000;

/// How many days without entries are passed in one step.
const EMPTY_DAYS_AT_ONCE: u64 = 32;

/// Does what entries ask for.
#[async_trait]
pub trait Fulfil: Send + Sync {
    /// What an entry says.
    type Due: DeserializeOwned + Send;
    /// Why it can't be done.
    type Error: From<KvError>;

    /// Removes what an entry is about, if it is due, as far as one step goes.
    async fn fulfil(&self, due: Self::Due) -> Result<Fulfilled, Self::Error>;
}

/// What came of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fulfilled {
    /// How many records are gone.
    pub removed: usize,
    /// Whether the entry has to be gone on with. Otherwise it is removed: what is to be done another day needs a new one.
    pub more: bool,
}

impl From<usize> for Fulfilled {
    /// All is done, and so many records are gone.
    fn from(removed: usize) -> Self {
        Self { removed, more: false }
    }
}

/// The lists of a service, one for each day.
#[derive(Clone, Copy, Debug)]
pub struct DueList(
    /// What their keys begin with, such as `memo/due`.
    pub &'static str,
);

/// How far the days have been gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reached {
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

impl DueList {
    fn day_key(self, day: u64) -> String {
        format!("{}/{day}", self.0)
    }

    fn entry_key(self, day: u64, number: u64) -> String {
        format!("{}/{day}/{number}", self.0)
    }

    fn reached_key(self) -> String {
        format!("{}/from", self.0)
    }

    /// Enters something into the list of a day. One increment and one set; without `increment` one set.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn enlist(self, ports: &Ports, day: u64, due: &(impl Serialize + Sync)) -> Result<(), KvError> {
        let number = ports.number_of(&self.day_key(day)).await?;
        ports.kv.set_json(&self.entry_key(day, number), due).await
    }

    /// Does what is due, at most `limit` entries of the lists.
    ///
    /// # Errors
    /// Those of the store and of `fulfil`; what was not done is done by the next one.
    pub async fn sweep<F: Fulfil>(self, ports: &Ports, limit: u64, fulfil: &F) -> Result<Swept, F::Error> {
        let now = ports.clock.now();
        let today = Timestamp(now.0.saturating_sub(LATE_MILLIS)).day();
        if ports.kv.has_increment() {
            self.sweep_days(ports, limit, today, fulfil).await
        } else {
            self.sweep_keys(ports, limit, today, fulfil).await
        }
    }

    async fn sweep_days<F: Fulfil>(self, ports: &Ports, limit: u64, today: u64, fulfil: &F) -> Result<Swept, F::Error> {
        let stored: Option<Reached> = ports.kv.get_json(&self.reached_key()).await?;
        let begun = stored.unwrap_or(Reached {
            day: today.saturating_sub(LOOK_BACK_DAYS),
            done: 0,
        });
        let mut from = begun;
        let mut swept = Swept::default();
        let mut left = limit;
        let mut empty_days = 0;
        while from.day <= today && left > 0 && empty_days < EMPTY_DAYS_AT_ONCE {
            let day = self.day_key(from.day);
            let is_there = ports.kv.exists(&day).await?;
            let count = if is_there {
                u64::try_from(ports.kv.increment(&day, 0).await?).unwrap_or(0)
            } else {
                empty_days = empty_days.saturating_add(1);
                0
            };
            while from.done < count && left > 0 {
                let key = self.entry_key(from.day, from.done.saturating_add(1));
                let settled = self.settle(ports, &key, fulfil).await?;
                swept.removed = swept.removed.saturating_add(settled.removed);
                from.done = from.done.saturating_add(u64::from(!settled.more));
                left = left.saturating_sub(1);
            }
            if from.done < count || from.day == today {
                break;
            }
            // Also at 0: another one may have deleted it meanwhile, and reading it made it anew.
            if is_there {
                ports.kv.delete(&day).await?;
            }
            from = Reached {
                day: from.day.saturating_add(1),
                done: 0,
            };
        }
        if from != begun {
            ports.kv.set_json(&self.reached_key(), &from).await?;
        }
        swept.more = from.day < today || left == 0;
        Ok(swept)
    }

    /// The same by the store's keys.
    async fn sweep_keys<F: Fulfil>(self, ports: &Ports, limit: u64, today: u64, fulfil: &F) -> Result<Swept, F::Error> {
        let mut swept = Swept::default();
        let mut left = limit;
        for key in ports.kv.keys(&format!("{}/", self.0)).await? {
            let day = key.split('/').nth(2).and_then(|day| day.parse::<u64>().ok());
            if day.is_none_or(|day| day > today) {
                continue;
            }
            if left == 0 {
                swept.more = true;
                break;
            }
            left = left.saturating_sub(1);
            let settled = self.settle(ports, &key, fulfil).await?;
            swept.removed = swept.removed.saturating_add(settled.removed);
            swept.more |= settled.more;
        }
        Ok(swept)
    }

    /// Does what an entry asks for, and removes it unless there is more to do.
    async fn settle<F: Fulfil>(self, ports: &Ports, key: &str, fulfil: &F) -> Result<Fulfilled, F::Error> {
        let due: Option<F::Due> = match ports.kv.get_json(key).await {
            Ok(due) => due,
            Err(error @ KvError::Corrupt { .. }) => {
                ports.warn("an entry of what is due can't be read", error);
                None
            }
            Err(error) => return Err(error.into()),
        };
        let fulfilled = match due {
            None => Fulfilled::default(),
            Some(due) => fulfil.fulfil(due).await?,
        };
        if !fulfilled.more {
            ports.kv.delete(key).await?;
        }
        Ok(fulfilled)
    }
}
