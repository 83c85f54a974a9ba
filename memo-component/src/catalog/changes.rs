//! The log of changes, and the feed that is read from it.
//!
//! Creates need no news of their own: the counter of ids is their log. Every later change has an entry,
//! `memo/{user}/change/{number}`, which says which memo it is about. The entry is written before the memo, because after
//! it a crash would lose the news; so a reader may meet an entry whose change has not come yet.
//!
//! A reader's [`Position`] is a place in the ids and one in the log, with what was **open** below them: ids without a memo
//! and entries without their change, which may still be under way. Those are looked at again with each reading until they
//! come, or until they are [`SETTLED`] and never will. So a client that follows the feed misses nothing, and is told
//! everything at least once; of what it is told twice, the versions are the same.
//!
//! A store without `increment` has no counters. There the numbers of changes are time-ordered like ids, and the feed is a
//! listing of the store's keys.

mod entries;
mod follow;
mod log;
mod scan;
pub mod traces;

use std::time::Duration;

use common::{store::kv::KvError, world::clock::Timestamp};
use serde::{Deserialize, Serialize};

use super::{Catalog, Error, counters::Heads, skip::SETTLED};
use crate::memo::{Memo, MemoId, Version};

/// How long an entry of the log stays. A client that was away for longer reads everything anew.
pub const KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How many open ids, and open entries, a position may hold. A reader that meets more looks for an old memo, or an old entry,
/// above them, because all that is below it is settled; without one it waits until all that it has seen is.
const OPEN_MAX: usize = 64;

/// How many ids and entries one reading looks at.
const LOOK_MAX: usize = 2_000;

/// How many of them at once.
const STEP: usize = 8;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub memo: MemoId,
    /// The version that the change makes.
    pub version: Version,
    /// When the entry was written.
    pub at: Timestamp,
    /// Whether the change removes the memo for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// Something that may still be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The id, or the entry's number.
    number: u64,
    /// A moment at which it was taken already.
    since: Timestamp,
}

impl Open {
    fn is_settled(&self, now: Timestamp) -> bool {
        now.since(self.since) >= SETTLED
    }
}

/// How far a reader of the feed has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Ids up to this one have been told, except for open ones.
    ids: u64,
    /// Entries up to this one have been told, except for open ones.
    log: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    open_ids: Vec<Open>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    open_log: Vec<Open>,
    /// How far the counters were when there were more open ids, or open entries, than a position holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    noted: Option<Noted>,
}

/// How far the counters were at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    heads: Heads,
    at: Timestamp,
}

impl Position {
    /// Whether everything up to these numbers has been told, but for what was still under way.
    pub(super) fn has_reached(&self, heads: Heads) -> bool {
        self.ids >= heads.id && self.log >= heads.change
    }

    /// Whether everything up to these numbers has been told.
    pub(super) fn is_at(&self, heads: Heads) -> bool {
        (self.ids, self.log) == (heads.id, heads.change) && self.open_ids.is_empty() && self.open_log.is_empty()
    }

    /// Whether there is something below the counters that was not told yet, so that reading on may bring news although the
    /// counters stand still.
    pub fn is_waiting(&self) -> bool {
        !self.open_ids.is_empty() || !self.open_log.is_empty() || self.noted.is_some()
    }
}

/// A memo that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Which one.
    pub id: MemoId,
    /// Its version; of a memo that is gone, the version that its removal made.
    pub version: Version,
    /// The memo as it is; `None` when it is gone for good.
    pub memo: Option<Memo>,
}

/// What happened since a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The memos that are not as they were, each once.
    pub news: Vec<News>,
    /// Where to go on.
    pub next: Position,
    /// Whether there is more to be had at once.
    pub more: bool,
}

impl Catalog<'_> {
    /// Tells what happened since a position; without one, everything there is. At most `limit` news.
    ///
    /// Costs two increments by nothing, a get for each new id and each new entry, and one for each memo that an entry is
    /// about.
    ///
    /// # Errors
    /// [`Error::Expired`] when the log no longer goes back so far; those of the store.
    pub async fn changes(&self, since: Option<Position>, limit: usize) -> Result<Reading, Error> {
        if self.ports.kv.has_increment() {
            self.follow(since, limit).await
        } else {
            Ok(self.scan_changes(since, limit).await?)
        }
    }

    /// Writes the entry of a change that is about to be made.
    pub(super) async fn announce(&self, number: u64, entry: &Entry) -> Result<(), KvError> {
        self.ports.kv.set_json(&self.names.change(number), entry).await
    }
}
