//! What is due here: memos whose stay in the trash is over, idempotency keys, links to memos, flags, and what is left of people who are gone.
//! The lists themselves are [`common::store::due`].

use async_trait::async_trait;
pub use common::store::due::Swept;
use common::{
    store::{
        claim::flags_around,
        due::{DueList, Fulfil, Fulfilled},
        kv::KvError,
    },
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{Catalog, Error, names::Names, once, quota::Limits, shares::ShareId};
use crate::memo::MemoId;

const LIST: DueList = DueList("memo/due");

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Due {
    /// A memo that has been in the trash for long enough.
    Trash {
        /// Whose.
        user: UserId,
        /// Which.
        memo: MemoId,
    },
    /// What an idempotency key stands for.
    Key {
        /// Whose.
        user: UserId,
        /// The key's digest.
        digest: String,
    },
    /// A link whose end is past.
    Share {
        /// Whose.
        user: UserId,
        /// Which.
        id: ShareId,
    },
    /// What came too late for a person's erasure ([`super::erasure`]).
    Erasure {
        /// Whose.
        user: UserId,
    },
    /// A claim's flag that somebody met and that may have been left behind.
    Flag {
        /// The record's key.
        record: String,
        /// The version that was claimed.
        version: u64,
        /// When it was met.
        met_at: Timestamp,
    },
}

/// Enters something into the list of a day. One increment and one set; without `increment` one set.
///
/// # Errors
/// Those of the store.
pub async fn enlist(ports: &Ports, day: u64, due: &Due) -> Result<(), KvError> {
    LIST.enlist(ports, day, due).await
}

/// Removes what is due, at most `limit` entries of the lists.
///
/// # Errors
/// Those of the store; what was not done is done by the next one.
pub async fn sweep(ports: &Ports, limits: &Limits, limit: u64) -> Result<Swept, Error> {
    LIST.sweep(ports, limit, &Removal { ports, limits }).await
}

struct Removal<'a> {
    ports: &'a Ports,
    limits: &'a Limits,
}

#[async_trait]
impl Fulfil for Removal<'_> {
    type Due = Due;
    type Error = Error;

    async fn fulfil(&self, due: Due) -> Result<Fulfilled, Error> {
        match remove(self.ports, self.limits, due).await {
            // One record that can't be read must not keep everybody else's from being gone through.
            Err(Error::Store(error @ KvError::Corrupt { .. })) => {
                self.ports.warn("what is due can't be read", error);
                Ok(Fulfilled::default())
            }
            removed => removed,
        }
    }
}

/// Removes what an entry is about, if it is due.
async fn remove(ports: &Ports, limits: &Limits, due: Due) -> Result<Fulfilled, Error> {
    Ok(match due {
        Due::Trash { user, memo } => {
            let catalog = Catalog::of(&user, ports, limits);
            usize::from(catalog.purge_if_due(memo).await?).into()
        }
        Due::Key { user, digest } => {
            let record = Names(&user).once(&digest);
            usize::from(once::forget_if_old(ports, &record).await?).into()
        }
        Due::Share { user, id } => Catalog::of(&user, ports, limits).forget_share(&id).await?,
        Due::Erasure { user } => Catalog::of(&user, ports, limits).finish_erasure().await?,
        Due::Flag {
            record,
            version,
            met_at,
        } => {
            for flag in flags_around(&record, version, met_at) {
                ports.kv.delete(&flag).await?;
            }
            Fulfilled::from(1)
        }
    })
}
