//! How much one person may keep.

use common::config::{ConfigErrors, number};

/// The largest quotas that a person's counters can hold.
const MAX_MEMOS: u64 = 100_000;
const MAX_BYTES: u64 = 400 * 1024 * 1024;

/// Ten years, for those who never want to lose anything.
const MAX_DAYS: u64 = 3_650;

/// The limits that hold for every person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many memos, with those in the trash.
    pub max_memos: u64,
    /// How many bytes all memos count for, each in whole KiB ([`crate::memo::Charge`]).
    pub max_bytes: u64,
    /// How many days a memo stays in the trash.
    pub trash_days: u64,
    /// After how much news a cache is written anew. Less is read again the next time, which costs less than a write.
    pub news_min: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_memos: 50_000,
            max_bytes: 200 * 1024 * 1024,
            trash_days: 30,
            news_min: 16,
        }
    }
}

impl Limits {
    /// Reads the variables.
    ///
    /// # Errors
    /// Those that are not numbers, or not such as the counters can hold.
    pub fn parse(max_memos: &str, max_bytes: &str, trash_days: &str) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let limits = Self {
            max_memos: errors.keep(number("max_memos", max_memos, MAX_MEMOS)),
            max_bytes: errors.keep(number("max_bytes", max_bytes, MAX_BYTES)),
            trash_days: errors.keep(number("trash_days", trash_days, MAX_DAYS)),
            ..Self::default()
        };
        errors.check(limits)
    }
}

/// What a person may have of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Memos.
    Memos,
    /// Bytes of text.
    Bytes,
    /// Links to memos.
    Shares,
}

impl Resource {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memos => "memos",
            Self::Bytes => "bytes",
            Self::Shares => "shares",
        }
    }
}

/// A quota that does not allow what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{used} of {limit} {} are used", .resource.name())]
pub struct Quota {
    /// Of what.
    pub resource: Resource,
    /// How much there may be.
    pub limit: u64,
    /// How much there is already.
    pub used: u64,
}

impl Limits {
    /// Whether there may be so many memos, the one that is asked for among them.
    ///
    /// # Errors
    /// When that is too much.
    pub fn check_memos(&self, memos: i64, asked: i64) -> Result<(), Quota> {
        check(Resource::Memos, self.max_memos, memos, asked)
    }

    /// Whether there may be so many KiB, those that are `asked` for among them.
    ///
    /// # Errors
    /// When that is too much.
    pub fn check_kib(&self, kib: i64, asked: i64) -> Result<(), Quota> {
        let (bytes, asked) = (kib.saturating_mul(1024), asked.saturating_mul(1024));
        check(Resource::Bytes, self.max_bytes, bytes, asked)
    }

    /// Whether so many KiB leave room for as many again.
    pub fn is_less_than_half(&self, kib: i64) -> bool {
        let twice = u64::try_from(kib.saturating_mul(2 * 1024)).unwrap_or(0);
        twice <= self.max_bytes
    }
}

fn check(resource: Resource, limit: u64, wanted: i64, asked: i64) -> Result<(), Quota> {
    let wanted = u64::try_from(wanted).unwrap_or(0);
    if wanted <= limit {
        return Ok(());
    }
    // What is told is what there is without what is asked for.
    let used = wanted.saturating_sub(u64::try_from(asked).unwrap_or(0));
    Err(Quota { resource, limit, used })
}
