//! Links by which anybody reads one memo, without an account.
//!
//! | key | holds |
//! |---|---|
//! | `memo/{user}/shares` | which links a person has given out: of each its id, the memo, and until when |
//! | `memo/share/{id}` | whose link it is |
//!
//! A link holds a token of 256 random bits, which is stored nowhere; its id is the beginning of the token's digest. A link is
//! good while both records say so, its end is not past, and the memo is there and not in the trash. So whoever revokes one
//! deletes what leads to it, which ends it at once and needs no claim, and then takes it off the list. Whoever makes one
//! writes the list last: what stopped before that leads to nothing.

use std::time::Duration;

use common::{
    store::{
        due::Fulfilled,
        kv::KvError,
        record::{Change, Updated, Versioned, update_after},
    },
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use futures::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};

pub use super::share_token::{ShareId, ShareToken};
use super::{
    Catalog, Error,
    due::{self, Due},
    names::Names,
    quota::{Quota, Resource},
};
use crate::memo::{Memo, MemoId, Version};

/// How many links of one memo may be good at a time: one for each circle of readers.
pub const SHARES_OF_MEMO_MAX: usize = 10;

/// How many links one person may have. Their list is one record, which every reader of one of them reads.
pub const SHARES_MAX: usize = 100;

/// How often a change of the list is tried that another one was ahead of.
const TRIES: usize = 4;

/// A link that was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Names it.
    pub id: ShareId,
    /// What it shows.
    pub memo: MemoId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The links of one person, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shares {
    version: u64,
    items: Vec<Share>,
}

impl Versioned for Shares {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Whose link it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    user: UserId,
}

fn owner_key(id: &ShareId) -> String {
    format!("memo/share/{id}")
}

/// The memo that a token opens, as it is now, and its link; `None` where it opens none, for whatever reason. Three gets.
///
/// # Errors
/// Those of the store.
pub async fn open(ports: &Ports, token: &ShareToken) -> Result<Option<(Share, Memo)>, KvError> {
    let id = token.id();
    let Some(Owner { user }) = ports.kv.get_json(&owner_key(&id)).await? else {
        return Ok(None);
    };
    let names = Names(&user);
    let shares: Shares = ports.kv.get_json(&names.shares()).await?.unwrap_or_default();
    let now = ports.clock.now();
    let good = shares
        .items
        .into_iter()
        .find(|share| share.id == id && share.expires_at > now);
    let Some(share) = good else {
        return Ok(None);
    };
    // Last: what is in the trash by now is not shown.
    let memo: Option<Memo> = ports.kv.get_json(&names.memo(share.memo)).await?;
    Ok(memo.filter(|memo| memo.trashed_at.is_none()).map(|memo| (share, memo)))
}

impl Catalog<'_> {
    /// Gives out a link to the memo, good for that long.
    ///
    /// # Errors
    /// [`Error::Absent`], [`Error::InTrash`]; [`Error::Quota`] where there are too many; [`Error::Busy`]; those of the store,
    /// after which there may be a link on the list that nobody knows.
    pub async fn share(&self, memo: MemoId, lasts: Duration) -> Result<(ShareToken, Share), Error> {
        if self.read(memo).await?.trashed_at.is_some() {
            return Err(Error::InTrash);
        }
        let token = ShareToken::new(&*self.ports.random)?;
        let created_at = self.ports.clock.now();
        let share = Share {
            id: token.id(),
            memo,
            created_at,
            expires_at: created_at + lasts,
        };
        let version = self.stored_shares().await?.version;
        self.change_shares(version, &Edit::Add(share.clone())).await?;
        self.pass_by(created_at.0).await;
        Ok((token, share))
    }

    /// The links that are good, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn shares(&self) -> Result<Vec<Share>, Error> {
        Ok(self.good(self.stored_shares().await?.items))
    }

    /// Ends a link at once.
    ///
    /// # Errors
    /// [`Error::Absent`] where this person has no such link; [`Error::Busy`], and those of the store, after which the link may
    /// have ended and still be on the list. Then it can be revoked again.
    pub async fn revoke_share(&self, id: &ShareId) -> Result<(), Error> {
        let Shares { version, items } = self.stored_shares().await?;
        if !self.good(items).iter().any(|share| share.id == *id) {
            return Err(Error::Absent);
        }
        self.ports.kv.delete(&owner_key(id)).await?;
        self.change_shares(version, &Edit::Remove(id.clone())).await
    }

    /// Ends all links. One get where there is none.
    ///
    /// # Errors
    /// As [`Catalog::revoke_share`].
    pub async fn revoke_all_shares(&self) -> Result<(), Error> {
        let shares = self.cut_shares().await?;
        if shares.items.is_empty() {
            return Ok(());
        }
        self.change_shares(shares.version, &Edit::RemoveAll).await
    }

    /// Ends all links at once, but leaves the list of them, which it gives back, as it is.
    pub(super) async fn cut_shares(&self) -> Result<Shares, KvError> {
        let shares = self.stored_shares().await?;
        let owners: Vec<String> = shares.items.iter().map(|share| owner_key(&share.id)).collect();
        try_join_all(owners.iter().map(|key| self.ports.kv.delete(key))).await?;
        Ok(shares)
    }

    /// Removes what is left of a link, if its end is past.
    pub(super) async fn forget_share(&self, id: &ShareId) -> Result<Fulfilled, Error> {
        let shares = self.stored_shares().await?;
        let now = self.ports.clock.now();
        let listed = shares.items.iter().find(|share| share.id == *id);
        if let Some(share) = listed.filter(|share| share.expires_at > now) {
            // The clock was ahead when somebody came by.
            self.enlist_share(share).await?;
            return Ok(Fulfilled::default());
        }
        self.ports.kv.delete(&owner_key(id)).await?;
        if listed.is_some() {
            match self.change_shares(shares.version, &Edit::LeaveOutPast).await {
                // Every change of the list leaves out the links whose end is past.
                Ok(()) | Err(Error::Busy) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Fulfilled::from(1))
    }

    async fn stored_shares(&self) -> Result<Shares, KvError> {
        let stored = self.ports.kv.get_json(&self.names.shares()).await?;
        Ok(stored.unwrap_or_default())
    }

    fn good(&self, mut items: Vec<Share>) -> Vec<Share> {
        let now = self.ports.clock.now();
        items.retain(|share| share.expires_at > now);
        items
    }

    /// The list after an edit, whose claim is held meanwhile.
    async fn edited(&self, mut items: Vec<Share>, edit: &Edit) -> Result<Vec<Share>, Error> {
        match edit {
            Edit::Add(share) => {
                let of_memo = items.iter().filter(|other| other.memo == share.memo).count();
                check(of_memo, SHARES_OF_MEMO_MAX)?;
                if items.len() >= SHARES_MAX {
                    items = self.of_present_memos(items).await?;
                }
                check(items.len(), SHARES_MAX)?;
                // Both before the list, so that whatever is there goes one day, and nothing is listed that leads nowhere.
                self.enlist_share(share).await?;
                let owner = Owner {
                    user: self.user().clone(),
                };
                self.ports.kv.set_json(&owner_key(&share.id), &owner).await?;
                items.push(share.clone());
            }
            Edit::Remove(id) => items.retain(|share| share.id != *id),
            Edit::RemoveAll => items.clear(),
            Edit::LeaveOutPast => {}
        }
        Ok(items)
    }

    /// The links whose memos are not gone for good. Asked when there are too many: a memo that goes takes no links with it.
    async fn of_present_memos(&self, items: Vec<Share>) -> Result<Vec<Share>, KvError> {
        let there = join_all(items.iter().map(async |share| {
            let key = self.names.memo(share.memo);
            self.ports.kv.exists(&key).await
        }));
        let there: Vec<bool> = there.await.into_iter().collect::<Result<_, _>>()?;
        let items = items.into_iter().zip(there).filter(|(_, is_there)| *is_there);
        Ok(items.map(|(share, _)| share).collect())
    }

    async fn enlist_share(&self, share: &Share) -> Result<(), KvError> {
        let due = Due::Share {
            user: self.user().clone(),
            id: share.id.clone(),
        };
        due::enlist(self.ports, share.expires_at.day().saturating_add(1), &due).await
    }

    /// Changes the list, last seen at `version`, under its claim, and leaves out the links whose end is past.
    async fn change_shares(&self, mut version: u64, edit: &Edit) -> Result<(), Error> {
        let key = self.names.shares();
        for _ in 0..TRIES {
            let changed = update_after(self.ports, &key, version, async |stored: Option<Shares>| {
                let items = self.good(stored.unwrap_or_default().items);
                let next = version.saturating_add(1);
                Ok(match self.edited(items, edit).await {
                    Ok(items) => Change::Write(Shares { version: next, items }, ()),
                    Err(Error::Store(error)) => return Err(error),
                    Err(error) => Change::Leave(error),
                })
            });
            match changed.await? {
                Updated::Done(()) => return Ok(()),
                Updated::Left(error) => return Err(error),
                Updated::Stale(now) => version = now.map_or(0, |now| now.version),
                Updated::Busy => {
                    self.enlist_flag(key, Version(version)).await;
                    return Err(Error::Busy);
                }
            }
        }
        Err(Error::Busy)
    }
}

/// A change of the list.
enum Edit {
    Add(Share),
    Remove(ShareId),
    RemoveAll,
    LeaveOutPast,
}

/// Whether there may be one more.
fn check(used: usize, limit: usize) -> Result<(), Quota> {
    if used < limit {
        return Ok(());
    }
    let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
    Err(Quota {
        resource: Resource::Shares,
        limit: count(limit),
        used: count(used),
    })
}
