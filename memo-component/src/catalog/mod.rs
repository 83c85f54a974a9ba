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
//! | `memo/{user}/overview` | which memos there are, in which state and with which tags; a cache ([`overview`]) |
//! | `memo/{user}/tag-counts` | how many memos have which tag; a cache ([`tag_counts`]) |
//! | `memo/{user}/signatures/{block}` | which words may be in which memos; a cache ([`signatures`]) |
//! | `memo/{user}/idem/{digest}` | which memo an idempotency key stands for ([`once`]) |
//! | `memo/{user}/import` | until when nobody else may import memos ([`import`]) |
//! | `memo/{user}/shares` | which links to memos were given out ([`shares`]) |
//! | `memo/share/{id}` | whose link it is |
//! | `memo/{user}/erasure` | how far the removal of all of these is ([`erasure`]) |
//! | `memo/due/…` | what is due on which day ([`due`]) |
//!
//! Ids are dense, so there is no index: nothing to lose updates on, and a listing walks the ids downwards ([`page`]). A
//! create that stops between taking its id and writing its memo leaves a hole, as a memo does that is gone for good.
//!
//! A store without `increment` has no counters: ids are time-ordered and random, and a listing filters the store's keys.

pub mod changes;
mod counters;
pub mod due;
mod edit;
mod erasure;
pub mod export;
pub mod filter;
pub mod history;
pub mod import;
mod names;
pub mod once;
pub mod overview;
pub mod page;
mod pick;
pub mod quota;
mod share_token;
pub mod shares;
pub mod signatures;
pub mod skip;
pub mod tag_counts;
pub mod trash;

use common::{
    store::{claim::FRESH, kv::KvError},
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};
use futures::future::join_all;

use crate::memo::{Content, Memo, MemoId};
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
    /// Nobody is given an id any more: everything has been erased, or eight million memos were created.
    #[error("no memo can be created any more")]
    Closed,
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

    /// Writes several new memos: one increment, and as many sets at once. All get an id, or none does.
    ///
    /// # Errors
    /// [`Error::Quota`]; those of the store, for all memos or for some of them.
    pub async fn create_all(&self, contents: &[Content]) -> Result<Vec<Result<(MemoId, Memo), Error>>, Error> {
        let started = self.ports.clock.now();
        let count = u32::try_from(contents.len()).unwrap_or(u32::MAX);
        let kib = contents
            .iter()
            .fold(0_u32, |kib, content| kib.saturating_add(content.text.kib()));
        let ids = self.take_ids(count, kib, started).await?;
        let created = ids.into_iter().zip(contents).map(async |(id, content)| {
            let memo = self.create_at(id, content.clone(), started).await?;
            Ok((id, memo))
        });
        Ok(join_all(created).await)
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

    /// Goes through some of what is due, every sixteenth time: whoever adds to the lists passes by so often.
    async fn pass_by(&self, number: u64) {
        if !number.is_multiple_of(16) {
            return;
        }
        if let Err(error) = due::sweep(self.ports, self.limits, 2 * 16).await {
            self.ports.warn("what is due was not gone through", error);
        }
    }
}
