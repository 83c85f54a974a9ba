//! One person's memos in the store.
//!
//! | key | holds |
//! |---|---|
//! | `memo/{user}/seq` | a counter: the newest id that was given out |
//! | `memo/{user}/{id}` | a memo |
//! | `memo/{user}/skip` | where long runs of ids without a memo lie; a cache ([`skip`]) |
//! | `memo/{user}/idem/{digest}` | which memo an idempotency key stands for ([`once`]) |
//!
//! Ids are dense, so there is no index: nothing to lose updates on, and a listing walks the ids downwards ([`page`]). A
//! create that stops between taking its id and writing its memo leaves a hole, as a deleted memo does.
//!
//! A store without `increment` has no `seq`: ids are time-ordered and random, and a listing filters the store's keys.

mod names;
pub mod once;
pub mod page;
pub mod skip;

use std::time::Duration;

use common::{
    http::problem::Problem,
    store::{
        claim::FRESH,
        kv::KvError,
        record::{Change, Updated, update},
    },
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};

use crate::memo::{Content, Memo, MemoId, Version};
use names::Names;

/// One person's memos.
///
/// # Examples
/// ```
/// use common::testing;
/// use memo_component::{catalog::Catalog, memo::{Content, Text}};
///
/// # testing::run(async {
/// let ports = testing::World::new().ports();
/// let ann = "ann".to_owned().try_into().unwrap();
/// let catalog = Catalog::of(&ann, &ports);
/// let text = Text::try_from("우유 사기".to_owned()).unwrap();
/// let (id, memo) = catalog.create(Content { text }).await.unwrap();
///
/// let text = Text::try_from("우유와 빵".to_owned()).unwrap();
/// let changed = catalog.replace(id, memo.version, Content { text: text.clone() }).await.unwrap();
/// assert_eq!(changed.version.0, 2);
///
/// // A change of a version that is past is refused.
/// assert!(catalog.replace(id, memo.version, Content { text }).await.is_err());
/// # })
/// ```
pub struct Catalog<'a> {
    ports: &'a Ports,
    names: Names<'a>,
}

/// Why a memo was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such memo.
    #[error("there is no such memo")]
    Absent,
    /// It is at another version by now.
    #[error("the memo is at version {0:?} by now")]
    Stale(Version),
    /// Somebody else is changing it at this moment.
    #[error("the memo is being changed")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// There is no randomness for an id.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Absent => Self::not_found("You have no such memo."),
            Error::Stale(current) => Self::stale_version(current.0),
            Error::Busy => Self::conflict(
                "The memo is being changed at this moment; read it and decide again.",
                Duration::from_secs(1),
            ),
            Error::Store(error) => error.into(),
            Error::Random(error) => error.into(),
        }
    }
}

impl<'a> Catalog<'a> {
    /// The memos of `user`.
    pub fn of(user: &'a UserId, ports: &'a Ports) -> Self {
        Self {
            ports,
            names: Names(user),
        }
    }

    /// Writes a new memo. One increment and one set.
    ///
    /// # Errors
    /// Those of the store; the memo may then exist or not.
    pub async fn create(&self, content: Content) -> Result<(MemoId, Memo), Error> {
        let started = self.ports.clock.now();
        let id = self.next_id(started).await?;
        let memo = self.create_at(id, content, started).await?;
        Ok((id, memo))
    }

    /// Takes the id of a memo to be: nobody else gets it. An id may be lost when the store fails.
    async fn next_id(&self, now: Timestamp) -> Result<MemoId, Error> {
        if self.ports.kv.has_increment() {
            let key = self.names.seq();
            let id = self.ports.kv.increment(&key, 1).await?;
            let id = u64::try_from(id).map_err(|_| KvError::Corrupt {
                key,
                cause: "a negative counter".to_owned(),
            })?;
            return Ok(MemoId(id));
        }
        // 42 bits of milliseconds, 21 random ones: 2^-21 is the chance that two memos of one person in one
        // millisecond collide.
        let random: [u8; 4] = self.ports.random.bytes()?;
        Ok(MemoId(now.0 << 21 | u64::from(u32::from_le_bytes(random) >> 11)))
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
        let memo = Memo {
            text: content.text,
            created_at: started,
            updated_at: started,
            version: Version::FIRST,
        };
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

    /// Gives the memo another content, if it is at `version`. At most three reads and three writes.
    ///
    /// # Errors
    /// When it is not; those of the store, after which the change may have been made or not.
    pub async fn replace(&self, id: MemoId, version: Version, content: Content) -> Result<Memo, Error> {
        let now = self.ports.clock.now();
        self.change(id, version, |memo| {
            let memo = Memo {
                text: content.text,
                updated_at: now.max(memo.updated_at),
                version: version.next(),
                ..memo
            };
            Change::Write(memo.clone(), memo)
        })
        .await
    }

    /// Removes the memo for good, if it is at `version`. At most three reads and three writes.
    ///
    /// # Errors
    /// When it is not; those of the store, after which the memo may be there or not.
    pub async fn remove(&self, id: MemoId, version: Version) -> Result<(), Error> {
        self.change(id, version, |_| Change::Delete(())).await
    }

    /// Claims the step from `version` and takes it.
    async fn change<T: Send>(
        &self,
        id: MemoId,
        version: Version,
        change: impl FnOnce(Memo) -> Change<Memo, T, ()> + Send,
    ) -> Result<T, Error> {
        let key = self.names.memo(id);
        // Nobody was ever given the version 0, at which there is no memo.
        let updated = update(self.ports, &key, version.0, |current: Option<Memo>| {
            current.map_or(Change::Leave(()), change)
        });
        let now = match updated.await? {
            Updated::Done(value) => return Ok(value),
            Updated::Left(()) => None,
            Updated::Stale(now) => now,
            // The claim was lost. Read the memo to tell the client why.
            Updated::Busy => self.find(id).await?,
        };
        Err(match now {
            None => Error::Absent,
            Some(memo) if memo.version != version => Error::Stale(memo.version),
            Some(_) => Error::Busy,
        })
    }
}
