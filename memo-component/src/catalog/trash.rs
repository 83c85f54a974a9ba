//! The trash: where a deleted memo stays for some days, and how it goes for good.

use std::time::Duration;

use common::{store::kv::KvError, world::clock::Timestamp};
use futures::future::join_all;

use super::{
    Catalog, Error,
    due::{self, Due},
    filter::Filter,
};
use crate::memo::{Edit, Memo, MemoId, Version};

/// How many memos one request removes for good.
const PURGED_AT_ONCE: usize = 100;

/// How many of them at a time.
const STEP: usize = 8;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Of many memos some are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    /// How many.
    pub removed: usize,
    /// Where to go on; `None` when all are gone.
    pub next: Option<MemoId>,
}

/// What a deletion did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The memo is in the trash.
    ToTrash(Memo),
    /// It is gone for good.
    ForGood,
}

impl Catalog<'_> {
    /// Puts the memo into the trash; one that is there goes for good.
    ///
    /// # Errors
    /// As [`Catalog::edit`].
    pub async fn delete(&self, id: MemoId, version: Version) -> Result<Deleted, Error> {
        let deleted = self.change(id, version, |memo, now| {
            Ok(memo.trashed_at.is_none().then(|| memo.edited(Edit::to_trash(), now)))
        });
        let Some(memo) = deleted.await? else {
            return Ok(Deleted::ForGood);
        };
        self.pass_by(id.0).await;
        Ok(Deleted::ToTrash(memo))
    }

    /// Puts the memo into the trash, and never further.
    ///
    /// # Errors
    /// As [`Catalog::edit`]: one that is there already is refused.
    pub async fn discard(&self, id: MemoId, version: Version) -> Result<Memo, Error> {
        let memo = self.edit(id, version, Edit::to_trash()).await?;
        self.pass_by(id.0).await;
        Ok(memo)
    }

    /// Takes the memo out of the trash, if it is at `expected`, or at whichever version it is. A memo that is not in the
    /// trash stays as it is.
    ///
    /// # Errors
    /// As [`Catalog::edit`].
    pub async fn restore(&self, id: MemoId, expected: Option<Version>) -> Result<Memo, Error> {
        self.edit_present(id, expected, |memo| {
            memo.trashed_at.is_some().then(|| Edit {
                trashed: Some(false),
                ..Edit::default()
            })
        })
        .await
    }

    /// Removes memos for good, newest first from below `before`: those in the trash, or all. A bounded number; one that is
    /// changed meanwhile stays.
    ///
    /// # Errors
    /// Those of the store; some memos may be gone.
    pub async fn empty(&self, filter: &Filter, before: Option<MemoId>) -> Result<Emptied, Error> {
        let page = self.page(filter, before, PURGED_AT_ONCE).await?;
        let mut removed = 0_usize;
        for some in page.items.chunks(STEP) {
            let purged = join_all(some.iter().map(|(id, memo)| self.purge(*id, memo.version))).await;
            for purged in purged {
                match purged {
                    Ok(()) => removed = removed.saturating_add(1),
                    Err(Error::Absent | Error::Stale(_) | Error::Busy) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Emptied {
            removed,
            next: page.next,
        })
    }

    /// Removes the memo for good, if it is at `version`.
    async fn purge(&self, id: MemoId, version: Version) -> Result<(), Error> {
        self.change(id, version, |_, _| Ok(None)).await.map(|_| ())
    }

    /// Removes the memo for good if it has been in the trash for long enough. Says whether it did.
    pub(super) async fn purge_if_due(&self, id: MemoId) -> Result<bool, Error> {
        let Some(memo) = self.find(id).await? else {
            // Who removed it may have come no further.
            self.ports.kv.delete(&self.names.history(id)).await?;
            return Ok(false);
        };
        let Some(trashed_at) = memo.trashed_at else {
            return Ok(false);
        };
        if self.ports.clock.now() < self.end_of_stay(trashed_at) {
            // The days were made more since. A later entry sees to it.
            self.enlist_trashed(id, trashed_at).await?;
            return Ok(false);
        }
        match self.purge(id, memo.version).await {
            Ok(()) => Ok(true),
            Err(Error::Absent | Error::Stale(_)) => Ok(false),
            Err(Error::Busy) => {
                // Tomorrow, then.
                self.enlist(id, self.ports.clock.now().day()).await?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Enters the memo into the list of the day on which its stay in the trash is over. Where that day is past, because the
    /// memo was in the trash elsewhere, it is this day: nobody goes through past ones again.
    pub(super) async fn enlist_trashed(&self, id: MemoId, trashed_at: Timestamp) -> Result<(), KvError> {
        let end = self.end_of_stay(trashed_at).max(self.ports.clock.now());
        self.enlist(id, end.day()).await
    }

    /// Enters the memo into the list of the day after `day`, when all that was due on it is.
    async fn enlist(&self, id: MemoId, day: u64) -> Result<(), KvError> {
        let due = Due::Trash {
            user: self.user().clone(),
            memo: id,
        };
        due::enlist(self.ports, day.saturating_add(1), &due).await
    }

    fn end_of_stay(&self, trashed_at: Timestamp) -> Timestamp {
        let days = u32::try_from(self.limits.trash_days).unwrap_or(u32::MAX);
        trashed_at + DAY.saturating_mul(days)
    }
}
