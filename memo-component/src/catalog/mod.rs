//! One person's memos in the store.
//!
//! | key | holds |
//! |---|---|
//! | `memo/{user}/seq` | a counter: the newest id that was given out, and what there is ([`counters`]) |
//! | `memo/{user}/changes` | a counter: the latest change, and how much memos have grown |
//! | `memo/{user}/{id}` | a memo |
//! | `memo/{user}/{id}/history` | its earlier texts ([`history`]) |
//! | `memo/{user}/change/{number}` | an entry of the log of changes ([`changes`]) |
//! | `memo/{user}/log-start` | where that log begins |
//! | `memo/{user}/skip` | where long runs of ids without a memo lie; a cache ([`skip`]) |
//! | `memo/{user}/tags`, `tag-counts` | which memos have which tags, and how many; caches ([`tag_index`]) |
//! | `memo/{user}/idem/{digest}` | which memo an idempotency key stands for ([`once`]) |
//! | `memo/due/…` | what is due on which day ([`due`]) |
//!
//! Ids are dense, so there is no index: nothing to lose updates on, and a listing walks the ids downwards ([`page`]). A
//! create that stops between taking its id and writing its memo leaves a hole, as a memo does that is gone for good.
//!
//! A store without `increment` has no counters: ids are time-ordered and random, and a listing filters the store's keys.

pub mod changes;
mod counters;
pub mod due;
pub mod history;
mod names;
pub mod once;
pub mod page;
pub mod quota;
pub mod skip;
pub mod tag_index;
pub mod trash;

use common::{
    store::{
        claim::FRESH,
        kv::KvError,
        record::{Change, Updated, update_after},
    },
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};
use futures::future::{OptionFuture, try_join3};

use crate::memo::{Charge, Content, Edit, Memo, MemoId, Version};
use changes::Entry;
use due::Due;
use names::Names;
use quota::{Limits, Quota};

/// One person's memos.
///
/// # Examples
/// ```
/// use common::testing;
/// use memo_component::{catalog::{Catalog, quota::Limits}, memo::{Content, Edit, Text}};
///
/// # testing::run(async {
/// let ports = testing::World::new().ports();
/// let ann = "ann".to_owned().try_into().unwrap();
/// let limits = Limits::default();
/// let catalog = Catalog::of(&ann, &ports, &limits);
/// let text = Text::try_from("우유 사기".to_owned()).unwrap();
/// let (id, memo) = catalog.create(Content::new(text)).await.unwrap();
///
/// let pinned = Edit { pinned: Some(true), ..Edit::default() };
/// let changed = catalog.edit(id, memo.version, pinned.clone()).await.unwrap();
/// assert_eq!(changed.version.0, 2);
///
/// // A change of a version that is past is refused.
/// assert!(catalog.edit(id, memo.version, pinned).await.is_err());
/// # })
/// ```
pub struct Catalog<'a> {
    ports: &'a Ports,
    names: Names<'a>,
    limits: &'a Limits,
}

/// Why a memo was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such memo.
    #[error("there is no such memo")]
    Absent,
    /// It is at another version by now: it is this.
    #[error("the memo is at version {:?} by now", .0.version)]
    Stale(Box<Memo>),
    /// Somebody else is changing it at this moment.
    #[error("the memo is being changed")]
    Busy,
    /// It is in the trash, and must be taken out first.
    #[error("the memo is in the trash")]
    InTrash,
    /// There would be more than a person may have.
    #[error(transparent)]
    Quota(#[from] Quota),
    /// The feed of changes no longer goes back so far.
    #[error("the log of changes begins later")]
    Expired,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// There is no randomness for an id.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// How often a change that is meant for whichever version there is tries again when that has moved on.
const TRIES: usize = 4;

impl<'a> Catalog<'a> {
    /// The memos of `user`.
    pub fn of(user: &'a UserId, ports: &'a Ports, limits: &'a Limits) -> Self {
        Self {
            ports,
            names: Names(user),
            limits,
        }
    }

    /// Whose memos these are.
    pub fn user(&self) -> &'a UserId {
        self.names.0
    }

    /// Writes a new memo. One increment and one set.
    ///
    /// # Errors
    /// [`Error::Quota`]; those of the store, after which the memo may exist or not.
    pub async fn create(&self, content: Content) -> Result<(MemoId, Memo), Error> {
        let started = self.ports.clock.now();
        let id = self.take_id(content.text.kib(), started).await?;
        let memo = self.create_at(id, content, started).await?;
        Ok((id, memo))
    }

    /// Writes the first version of the memo whose id was taken at `started`.
    ///
    /// That must not be too long ago: listings rely on it that an id without a memo has none for good after a while
    /// ([`skip::SETTLED`]).
    async fn create_at(&self, id: MemoId, content: Content, started: Timestamp) -> Result<Memo, Error> {
        let now = self.ports.clock.now();
        if now.since(started) >= FRESH {
            return Err(KvError::Unavailable("the store took too long".to_owned()).into());
        }
        let memo = Memo::first(content, started);
        self.ports.kv.set_json(&self.names.memo(id), &memo).await?;
        Ok(memo)
    }

    /// Reads the memo. One get.
    ///
    /// # Errors
    /// [`Error::Absent`] where there is none; those of the store.
    pub async fn read(&self, id: MemoId) -> Result<Memo, Error> {
        self.find(id).await?.ok_or(Error::Absent)
    }

    async fn find(&self, id: MemoId) -> Result<Option<Memo>, KvError> {
        self.ports.kv.get_json(&self.names.memo(id)).await
    }

    /// Changes the memo, if it is at `version`. At most four reads and six writes.
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
    async fn edit_present(
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
    async fn change(
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
        let mut next = match next(&memo, now) {
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
        let taken = match self.take_change(growth, now).await {
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
        let Some(next) = &mut next else {
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
        Ok(Change::Write(next.clone(), Ok(next.clone())))
    }

    /// Goes through some of what is due, every sixteenth time: whoever adds to the lists passes by so often.
    async fn pass_by(&self, id: MemoId) {
        if !id.0.is_multiple_of(16) {
            return;
        }
        if let Err(error) = due::sweep(self.ports, self.limits, 2 * 16).await {
            self.ports.warn("what is due was not gone through", error);
        }
    }

    /// Sees to it that a flag goes one day that may have been left behind.
    async fn enlist_flag(&self, record: String, version: Version) {
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
