//! One person's memos in the store.
//!
//! | key | holds |
//! |---|---|
//! | `memo/{user}/seq` | a counter: the newest id that was given out |
//! | `memo/{user}/{id}` | a memo |
//! | `memo/{user}/skip` | where long runs of ids without a memo lie; a cache ([`crate::skip`]) |
//!
//! Ids are dense, so there is no index: nothing to lose updates on, and a listing walks the ids downwards. A create
//! that stops between taking its id and writing its memo leaves a hole, as a deleted memo does.
//!
//! A store without `increment` has no `seq`: ids are time-ordered and random, and a listing filters the store's keys.

use std::cmp::Reverse;

use common::{
    claim::{self, Outcome, Step},
    clock::Timestamp,
    kv::{KvError, decode, encode},
    ports::Ports,
    problem::Problem,
    token::UserId,
};

use crate::{
    memo::{Memo, MemoId, Text, Version},
    skip::{Skip, Walk},
};

/// The most ids that one listing looks at. A longer run of holes is walked in several requests, each of which leaves
/// the cursor further down.
const WALK_MAX: usize = 20_000;

/// One person's memos.
pub struct Catalog<'a> {
    ports: &'a Ports,
    user: &'a UserId,
}

/// Some memos, newest first, and where the rest begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The memos.
    pub items: Vec<(MemoId, Memo)>,
    /// The rest lies below this id; `None` at the end.
    pub next: Option<MemoId>,
}

/// Why a change was not made.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such memo.
    Absent,
    /// It is at another version by now.
    Stale(Version),
    /// Somebody else is changing it at this moment.
    Busy,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Absent => Self::not_found("You have no such memo."),
            Refusal::Stale(current) => Self::stale_version(current.0),
            Refusal::Busy => Self::conflict("The memo is being changed at this moment; read it and decide again.")
                .with_header(http::header::RETRY_AFTER, http::HeaderValue::from_static("1")),
        }
    }
}

impl<'a> Catalog<'a> {
    /// The memos of `user`.
    pub fn of(user: &'a UserId, ports: &'a Ports) -> Self {
        Self { ports, user }
    }

    /// Writes a new memo. One increment and one set.
    ///
    /// # Errors
    /// Those of the store; the memo may then exist or not.
    pub async fn create(&self, text: Text) -> Result<(MemoId, Memo), KvError> {
        let started = self.ports.clock.now();
        let id = self.next_id(started).await?;
        let memo = self.create_at(id, text, started).await?;
        Ok((id, memo))
    }

    /// Takes the id of a memo to be: nobody else gets it.
    ///
    /// # Errors
    /// Those of the store; an id may then be lost.
    pub async fn next_id(&self, now: Timestamp) -> Result<MemoId, KvError> {
        if self.ports.kv.has_increment() {
            let id = self.ports.kv.increment(&self.key("seq"), 1).await?;
            return u64::try_from(id).map(MemoId).map_err(|_| KvError::Corrupt {
                key: self.key("seq"),
                cause: "a negative counter".to_owned(),
            });
        }
        // 42 bits of milliseconds, 21 random ones: 2^-21 is the chance that two memos of one person in one
        // millisecond collide.
        let random: [u8; 4] = self
            .ports
            .random
            .bytes()
            .map_err(|error| KvError::Unavailable(error.to_string()))?;
        Ok(MemoId(now.0 << 21 | u64::from(u32::from_le_bytes(random) >> 11)))
    }

    /// Writes the first version of the memo whose id was taken at `started`.
    ///
    /// # Errors
    /// Those of the store, and [`KvError::Unavailable`] when that is too long ago: listings rely on it that an id
    /// without a memo has none for good after a while ([`crate::skip::SETTLED`]).
    pub async fn create_at(&self, id: MemoId, text: Text, started: Timestamp) -> Result<Memo, KvError> {
        let now = self.ports.clock.now();
        if now.since(started) >= claim::FRESH {
            return Err(KvError::Unavailable("the store took too long".to_owned()));
        }
        let memo = Memo {
            text,
            created_at: started,
            updated_at: started,
            version: Version::FIRST,
        };
        self.ports.kv.set_json(&self.key(id), &memo).await?;
        Ok(memo)
    }

    /// The memo, where there is one. One get.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn read(&self, id: MemoId) -> Result<Option<Memo>, KvError> {
        self.ports.kv.get_json(&self.key(id)).await
    }

    /// Gives the memo another text, if it is at `version`. At most three reads and three writes.
    ///
    /// # Errors
    /// Those of the store; the change may then have been made or not.
    pub async fn replace(&self, id: MemoId, version: Version, text: Text) -> Result<Result<Memo, Refusal>, KvError> {
        let now = self.ports.clock.now();
        self.change(id, version, |memo| {
            let memo = Memo {
                text,
                updated_at: now.max(memo.updated_at),
                version: version.next(),
                ..memo
            };
            Ok(Step::Write(encode(&memo)?, memo))
        })
        .await
    }

    /// Removes the memo for good, if it is at `version`. At most three reads and three writes.
    ///
    /// # Errors
    /// Those of the store; the memo may then be there or not.
    pub async fn remove(&self, id: MemoId, version: Version) -> Result<Result<(), Refusal>, KvError> {
        self.change(id, version, |_| Ok(Step::Delete(()))).await
    }

    /// Claims the step from `version` and takes it.
    async fn change<T: Send>(
        &self,
        id: MemoId,
        version: Version,
        step: impl FnOnce(Memo) -> Result<Step<T, Result<Refusal, KvError>>, KvError> + Send,
    ) -> Result<Result<T, Refusal>, KvError> {
        let key = self.key(id);
        let outcome = claim::advance(self.ports, &key, version.0, |stored| {
            let current = match stored.map(|bytes| decode::<Memo>(&key, &bytes)).transpose() {
                Ok(Some(memo)) => memo,
                Ok(None) => return Step::Leave(Ok(Refusal::Absent)),
                Err(error) => return Step::Leave(Err(error)),
            };
            if current.version != version {
                return Step::Leave(Ok(Refusal::Stale(current.version)));
            }
            step(current).unwrap_or_else(|error| Step::Leave(Err(error)))
        });
        match outcome.await? {
            Outcome::Done(value) => Ok(Ok(value)),
            Outcome::Left(refusal) => Ok(Err(refusal?)),
            // Who lost learns what came of it, if that is known by now.
            Outcome::Busy => Ok(Err(match self.read(id).await? {
                None => Refusal::Absent,
                Some(memo) if memo.version != version => Refusal::Stale(memo.version),
                Some(_) => Refusal::Busy,
            })),
        }
    }

    /// At most `limit` memos below the id `before` (`None`: from the newest), newest first.
    ///
    /// Costs one increment and at most `limit` + holes gets; long runs of holes cost one get.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn page(&self, before: Option<MemoId>, limit: usize) -> Result<Page, KvError> {
        if self.ports.kv.has_increment() {
            self.walk(before, limit).await
        } else {
            self.scan(before, limit).await
        }
    }

    /// A page over dense ids.
    async fn walk(&self, before: Option<MemoId>, limit: usize) -> Result<Page, KvError> {
        let head = u64::try_from(self.ports.kv.increment(&self.key("seq"), 0).await?).unwrap_or(0);
        // Between the head and the memos: every id up to the head was given out by then, and every hole seen later.
        let now = self.ports.clock.now();
        // A cursor from elsewhere must not make us walk ids that were never given out.
        let start = before.map_or(head, |before| before.0.saturating_sub(1).min(head));
        let mut walk = Walk::down_from(start);
        let mut skip: Option<Skip> = None;
        let mut items = Vec::new();
        while items.len() < limit && walk.looked_at() < WALK_MAX {
            let ids = walk.next_ids(limit - items.len(), skip.as_ref());
            if ids.is_empty() {
                break;
            }
            let keys: Vec<String> = ids.iter().map(|id| self.key(id)).collect();
            for ((id, key), value) in ids.iter().zip(&keys).zip(self.ports.kv.get_many(&keys).await?) {
                match value {
                    Some(bytes) => {
                        let memo: Memo = decode(key, &bytes)?;
                        walk.saw_memo(*id, memo.created_at);
                        items.push((*id, memo));
                    }
                    None => walk.saw_hole(*id),
                }
            }
            if skip.is_none() && walk.is_full_of_holes(limit) {
                skip = Some(self.ports.kv.get_json(&self.key("skip")).await?.unwrap_or_default());
            }
        }
        if let Some(learnt) = skip.and_then(|skip| walk.learn(skip, MemoId(head), now)) {
            // A cache: a listing that can't write it is no worse.
            let _ = self.ports.kv.set_json(&self.key("skip"), &learnt).await;
        }
        let next = walk.position().map(|lowest| MemoId(lowest.0.saturating_add(1)));
        Ok(Page { items, next })
    }

    /// A page by the store's keys, for stores without `increment`.
    async fn scan(&self, before: Option<MemoId>, limit: usize) -> Result<Page, KvError> {
        let prefix = self.key("");
        let mut ids: Vec<MemoId> = self
            .ports
            .kv
            .keys(&prefix)
            .await?
            .iter()
            .filter_map(|key| key.strip_prefix(&prefix)?.parse().ok())
            .filter(|id| before.is_none_or(|before| *id < before))
            .collect();
        ids.sort_unstable_by_key(|id| Reverse(*id));
        let next = if ids.len() > limit {
            limit.checked_sub(1).and_then(|last| ids.get(last)).copied()
        } else {
            None
        };
        ids.truncate(limit);
        let keys: Vec<String> = ids.iter().map(|id| self.key(id)).collect();
        let values = self.ports.kv.get_many(&keys).await?;
        let mut items = Vec::with_capacity(ids.len());
        for ((id, key), value) in ids.iter().zip(&keys).zip(values) {
            // Deleted since its key was listed, it is simply not there.
            if let Some(bytes) = value {
                items.push((*id, decode(key, &bytes)?));
            }
        }
        Ok(Page { items, next })
    }

    /// The key of something of this person's.
    pub fn key(&self, name: impl std::fmt::Display) -> String {
        format!("memo/{}/{name}", self.user)
    }
}
