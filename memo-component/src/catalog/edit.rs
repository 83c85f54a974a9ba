//! How one memo changes: under a claim, with news of it and what it replaces written first.

use common::{
    store::{
        claim::FRESH,
        kv::KvError,
        record::{Change, Updated, update_after},
    },
    world::clock::Timestamp,
};
use futures::future::{OptionFuture, try_join3};

use super::{
    Catalog, Error,
    changes::Entry,
    due::{self, Due},
    history,
};
use crate::memo::{Charge, Edit, Memo, MemoId, Version};

/// How often a change that is meant for whichever version there is tries again when that has moved on.
const TRIES: usize = 4;

impl Catalog<'_> {
    /// Changes the memo, if it is at `version`. At most four reads and six writes, and what it costs to count a memo that
    /// grows by a KiB ([`super::counters`]).
    ///
    /// # Errors
    /// When it is not; [`Error::InTrash`] for one that is to stay there; those of the store, after which the change may
    /// have been made or not.
    pub async fn edit(&self, id: MemoId, version: Version, edit: Edit) -> Result<Memo, Error> {
        let changed = self.change(id, version, |memo, now| {
            if memo.trashed_at.is_some() && edit.trashed != Some(false) {
                return Err(Error::InTrash);
            }
            Ok(Some(memo.edited(edit, now)))
        });
        // It is not removed, so it is there.
        changed.await?.ok_or(Error::Absent)
    }

    /// Changes the memo if it is at `expected`, or at whichever version it is. `edit` says how, or that it is right already.
    pub(super) async fn edit_present(
        &self,
        id: MemoId,
        expected: Option<Version>,
        edit: impl Fn(&Memo) -> Option<Edit> + Send + Sync,
    ) -> Result<Memo, Error> {
        let mut tries = TRIES;
        loop {
            let memo = self.read(id).await?;
            if expected.is_some_and(|expected| expected != memo.version) {
                return Err(Error::Stale(Box::new(memo)));
            }
            let Some(edit) = edit(&memo) else {
                return Ok(memo);
            };
            tries = tries.saturating_sub(1);
            match self.edit(id, memo.version, edit).await {
                Err(Error::Stale(_)) if expected.is_none() && tries > 0 => {}
                changed => return changed,
            }
        }
    }

    /// Claims the step from `version` and takes it. `next` says what the memo is to be; `None`: gone for good.
    pub(super) async fn change(
        &self,
        id: MemoId,
        version: Version,
        next: impl FnOnce(&Memo, Timestamp) -> Result<Option<Memo>, Error> + Send,
    ) -> Result<Option<Memo>, Error> {
        let key = self.names.memo(id);
        let began = self.ports.clock.now();
        // Nobody was ever given the version 0, at which there is no memo.
        let updated = update_after(self.ports, &key, version.0, |current: Option<Memo>| {
            self.prepare(id, current, began, next)
        });
        match updated.await? {
            Updated::Done(Ok(memo)) => Ok(Some(memo)),
            Updated::Done(Err(gone)) => {
                self.forget_history(id).await;
                self.give_back(gone).await;
                Ok(None)
            }
            Updated::Left(refused) => Err(refused),
            Updated::Stale(now) => Err(now.map_or(Error::Absent, |memo| Error::Stale(Box::new(memo)))),
            // The claim was lost. Read the memo to tell the client why.
            Updated::Busy => Err(match self.find(id).await? {
                None => Error::Absent,
                Some(memo) if memo.version != version => Error::Stale(Box::new(memo)),
                Some(_) => {
                    self.enlist_flag(key, version).await;
                    Error::Busy
                }
            }),
        }
    }

    /// Under the claim, which is not older than `began`: decides, and writes what must be there before the memo changes. A
    /// change that removes the memo gives what it counted for.
    async fn prepare(
        &self,
        id: MemoId,
        current: Option<Memo>,
        began: Timestamp,
        next: impl FnOnce(&Memo, Timestamp) -> Result<Option<Memo>, Error> + Send,
    ) -> Result<Change<Memo, Result<Memo, Charge>, Error>, KvError> {
        let Some(memo) = current else {
            return Ok(Change::Leave(Error::Absent));
        };
        let now = self.ports.clock.now();
        let next = match next(&memo, now) {
            Ok(next) => next,
            Err(refused) => return Ok(Change::Leave(refused)),
        };
        let is_kept = next
            .as_ref()
            .is_some_and(|next| history::is_worth_keeping(&memo, next, now));
        let kept = OptionFuture::from(is_kept.then(|| self.with_kept(id, &memo)));
        let kept = kept.await.transpose()?;
        let growth = next
            .as_ref()
            .map_or(0, |next| next.charge.grown_kib.saturating_sub(memo.charge.grown_kib));
        let taken = match self.take_change(memo.charge, growth, now).await {
            Ok(Ok(taken)) => taken,
            Ok(Err(quota)) => return Ok(Change::Leave(quota.into())),
            Err(Error::Store(error)) => return Err(error),
            Err(error) => return Ok(Change::Leave(error)),
        };
        // The claim guards what is written here as long as it is fresh.
        if self.ports.clock.now().since(began) >= FRESH {
            return Ok(Change::Leave(Error::Busy));
        }
        let entry = Entry {
            memo: id,
            version: memo.version.next(),
            at: now,
            gone: next.is_none(),
        };
        let Some(mut next) = next else {
            self.announce(taken.number, &entry).await?;
            if memo.trashed_at.is_none() {
                // That of one in the trash goes after it, at the latest with its entry among what is due.
                self.ports.kv.delete(&self.names.history(id)).await?;
            }
            return Ok(Change::Delete(Err(memo.charge)));
        };
        if is_kept {
            next.kept_at = Some(memo.updated_at);
        }
        let trashed_at = next.trashed_at.filter(|_| memo.trashed_at.is_none());
        let history = self.names.history(id);
        let keep = OptionFuture::from(kept.as_ref().map(|kept| self.ports.kv.set(&history, kept)));
        let enlist = OptionFuture::from(trashed_at.map(|trashed_at| self.enlist_trashed(id, trashed_at)));
        if taken.with_ids {
            next.charge = memo.charge.created_later(growth);
        }
        try_join3(
            self.announce(taken.number, &entry),
            async { keep.await.transpose() },
            async { enlist.await.transpose() },
        )
        .await?;
        Ok(Change::Write(next.clone(), Ok(next)))
    }

    /// Sees to it that a flag goes one day that may have been left behind.
    pub(super) async fn enlist_flag(&self, record: String, version: Version) {
        let met_at = self.ports.clock.now();
        let due = Due::Flag {
            record,
            version: version.0,
            met_at,
        };
        if let Err(error) = due::enlist(self.ports, met_at.day().saturating_add(1), &due).await {
            self.ports.warn("a flag may stay behind", error);
        }
    }
}
