//! Everything that a person has goes for good, because the account is being deleted.
//!
//! The record at `memo/{user}/erasure` says how far that is. It goes in three steps:
//!
//! 1. What is due gets an entry for the next day, and the counter of ids is *closed* ([`super::counters`]): from then on
//!    nobody is given an id, because who takes one and who closes the counter both do it by `increment`.
//! 2. Everything that has a key is removed without being read, a bounded number of keys a request ([`Catalog::erase`]).
//! 3. On the next day everything is removed once more ([`Catalog::finish_erasure`]), and then the counters and the record.
//!
//! The third step is for those who came just before the second. A create that had its id, or a change that had its claim, may
//! write a minute later; and who reads with an access token that is still good may write a cache. By the next day all of them
//! are over. Nobody sees what they wrote: the sessions of the account have ended.

use common::{
    store::{
        due::Fulfilled,
        kv::KvError,
        record::{Change, Updated, Versioned, update, update_after},
    },
    world::clock::Timestamp,
};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{
    Catalog, Error,
    due::{self, Due},
    signatures::block_of,
};
use crate::memo::MemoId;

/// How many memos, or entries of the log, one request removes.
const AT_ONCE: u64 = 500;

/// The same on the next day, when it is somebody else's request that goes through what is due, and there is hardly anything.
const LAST_AT_ONCE: u64 = 32;

/// How many keys are removed at a time.
const STEP: usize = 50;

/// How far an erasure is. What lies at or below these numbers is still to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Erasure {
    version: u64,
    began_at: Timestamp,
    id: u64,
    change: u64,
    /// Where the log of changes began.
    first_change: u64,
    is_done: bool,
    /// Whether it is the second time, when nobody comes late any more.
    is_last: bool,
}

impl Versioned for Erasure {
    fn version(&self) -> u64 {
        self.version
    }
}

/// What a step of an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many keys it removed, whether there was anything at them or not.
    pub removed: usize,
    /// Whether there is more to do.
    pub more: bool,
}

impl Catalog<'_> {
    /// Removes everything of this person, as far as one request goes. Once it is done there is nothing more to do.
    ///
    /// # Errors
    /// [`Error::Busy`] while another request is at it; those of the store, after which it can be asked for again.
    pub async fn erase(&self) -> Result<Erased, Error> {
        match self.erasure().await? {
            Some(erasure) => self.erase_some(erasure, AT_ONCE).await,
            None => {
                self.begin_erasure().await?;
                Ok(Erased { removed: 0, more: true })
            }
        }
    }

    /// Removes what came too late to be removed before, and what the erasure itself left, as far as one step goes.
    pub(super) async fn finish_erasure(&self) -> Result<Fulfilled, Error> {
        match self.finish_some().await {
            Err(Error::Busy) => {
                // Tomorrow, then.
                self.enlist_erasure(self.ports.clock.now().day().saturating_add(1))
                    .await?;
                Ok(Fulfilled::default())
            }
            finished => finished,
        }
    }

    async fn finish_some(&self) -> Result<Fulfilled, Error> {
        let Some(erasure) = self.erasure().await? else {
            return Ok(Fulfilled::default());
        };
        if !erasure.is_last {
            let next = Erasure {
                is_last: true,
                ..self.to_be_erased(erasure.version).await?
            };
            self.proceed(&erasure, next).await?;
            return Ok(Fulfilled { removed: 0, more: true });
        }
        if !erasure.is_done {
            let Erased { removed, .. } = self.erase_some(erasure, LAST_AT_ONCE).await?;
            return Ok(Fulfilled { removed, more: true });
        }
        Ok(self.end_erasure().await?.into())
    }

    async fn erasure(&self) -> Result<Option<Erasure>, KvError> {
        self.ports.kv.get_json(&self.names.erasure()).await
    }

    async fn enlist_erasure(&self, day: u64) -> Result<(), KvError> {
        let due = Due::Erasure {
            user: self.user().clone(),
        };
        due::enlist(self.ports, day, &due).await
    }

    async fn begin_erasure(&self) -> Result<(), Error> {
        // Before anything else, so that whatever is begun is finished.
        self.enlist_erasure(self.ports.clock.now().day().saturating_add(1))
            .await?;
        // Strangers read by them: from now on nobody does.
        self.cut_shares().await?;
        let key = self.names.erasure();
        let begun = update_after(self.ports, &key, 0, async |_: Option<Erasure>| {
            self.close().await?;
            let erasure = self.to_be_erased(0).await?;
            Ok(Change::<_, _, ()>::Write(erasure, ()))
        });
        match begun.await? {
            // Of two that begin one does, and both go on.
            Updated::Done(()) | Updated::Left(()) | Updated::Stale(_) => Ok(()),
            Updated::Busy => Err(Error::Busy),
        }
    }

    /// All that there is, as the record after `version`.
    async fn to_be_erased(&self, version: u64) -> Result<Erasure, KvError> {
        let began_at = self.ports.clock.now();
        let version = version.saturating_add(1);
        let (id, change, first_change) = if self.ports.kv.has_increment() {
            let heads = self.heads().await?;
            (heads.id, heads.change, self.log_start().await?)
        } else {
            (0, 0, 1)
        };
        Ok(Erasure {
            version,
            began_at,
            id,
            change,
            first_change,
            is_done: false,
            is_last: false,
        })
    }

    async fn erase_some(&self, erasure: Erasure, at_once: u64) -> Result<Erased, Error> {
        if erasure.is_done {
            return Ok(Erased::default());
        }
        let (keys, next) = if self.ports.kv.has_increment() {
            self.next_keys(&erasure, at_once)
        } else {
            self.next_keys_found(&erasure, at_once).await?
        };
        if next.is_done {
            // Those that were given out meanwhile, before the list of them goes.
            self.cut_shares().await?;
        }
        for some in keys.chunks(STEP) {
            try_join_all(some.iter().map(|key| self.ports.kv.delete(key))).await?;
        }
        let more = !next.is_done;
        self.proceed(&erasure, next).await?;
        Ok(Erased {
            removed: keys.len(),
            more,
        })
    }

    /// What is removed next, and how far the erasure is after that. From the newest down, because what is there when it stops
    /// on the way is then the oldest.
    fn next_keys(&self, erasure: &Erasure, at_once: u64) -> (Vec<String>, Erasure) {
        let mut next = Erasure {
            version: erasure.version.saturating_add(1),
            ..erasure.clone()
        };
        let mut keys = Vec::new();
        if erasure.id > 0 {
            next.id = erasure.id.saturating_sub(at_once);
            let ids = (next.id.saturating_add(1)..=erasure.id).map(MemoId);
            keys.extend(ids.flat_map(|id| [self.names.memo(id), self.names.history(id)]));
            let blocks = block_of(MemoId(next.id))..=block_of(MemoId(erasure.id));
            keys.extend(blocks.map(|block| self.names.signatures(block)));
        } else if erasure.change >= erasure.first_change {
            let below = erasure.first_change.saturating_sub(1);
            next.change = erasure.change.saturating_sub(at_once).max(below);
            keys.extend((next.change.saturating_add(1)..=erasure.change).map(|number| self.names.change(number)));
        } else {
            next.is_done = true;
            keys.extend([
                self.names.skip(),
                self.names.overview(),
                self.names.tag_counts(),
                self.names.log_start(),
                self.names.import(),
                self.names.shares(),
            ]);
        }
        (keys, next)
    }

    /// The same by the store's keys.
    async fn next_keys_found(&self, erasure: &Erasure, at_once: u64) -> Result<(Vec<String>, Erasure), KvError> {
        let own = self.names.erasure();
        let mut keys = self.ports.kv.keys(&self.names.prefix()).await?;
        keys.retain(|key| *key != own);
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
        let next = Erasure {
            version: erasure.version.saturating_add(1),
            is_done: keys.len() <= at_once,
            ..erasure.clone()
        };
        keys.truncate(at_once);
        Ok((keys, next))
    }

    /// Notes how far the erasure is.
    async fn proceed(&self, from: &Erasure, next: Erasure) -> Result<(), Error> {
        let key = self.names.erasure();
        let noted = update(self.ports, &key, from.version, |_: Option<Erasure>| {
            Change::<_, _, ()>::Write(next, ())
        });
        match noted.await? {
            // Somebody else did the same, and noted it.
            Updated::Done(()) | Updated::Left(()) | Updated::Stale(_) => Ok(()),
            Updated::Busy => Err(Error::Busy),
        }
    }

    /// Removes the counters and the record. By now nobody has a token that would let them make a new one.
    async fn end_erasure(&self) -> Result<usize, Error> {
        let own = [self.names.seq(), self.names.changes(), self.names.erasure()];
        for key in &own {
            self.ports.kv.delete(key).await?;
        }
        Ok(own.len())
    }
}
