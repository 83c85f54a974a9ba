//! Memos that come from elsewhere, each once.
//!
//! A memo that was imported keeps its **source**, a digest of when it was written first and of what it said when it came. An
//! import begins by looking at all memos that there are: what has such a source, or says the same since the same moment, is
//! there already and is not made again, whatever became of it since. So an import that stopped anywhere is sent again, and
//! goes on.
//!
//! Two imports of one person at the same time would both find nothing. So an import holds a **lease**, the record at
//! `memo/{user}/import`, which says until when nobody else may import. It writes nothing after that, and lets go of it at its
//! end. One that dies keeps others waiting for [`LEASE`], and so does one for which the store failed: a memo that it could
//! not write may still arrive, and whoever looked around before would make it again.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    store::{
        claim::FRESH,
        kv::{KvError, encode},
        record::{Change, Updated, Versioned, update},
    },
    world::clock::Timestamp,
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Catalog, Error, history};
use crate::{
    memo::{Charge, Memo, MemoId},
    transfer::Portable,
};

/// How long nobody else may import. An import makes memos for [`WORK_MAX`], and each of them within the ten seconds that a
/// create may take; the rest is for clocks that differ.
pub const LEASE: Duration = Duration::from_secs(60);

/// How long an import goes on making memos. Platforms end a request after 30 s.
pub const WORK_MAX: Duration = Duration::from_secs(15);

/// What a memo was when it was imported: 128 bits of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source([u8; 16]);

impl Source {
    /// The source of a memo that was written first at that moment, if it is known, and says this.
    pub fn of(created_at: Option<Timestamp>, text: &str) -> Self {
        let moment = created_at.map_or(u64::MAX, |created_at| created_at.0);
        let digest = Sha256::new().chain_update(moment.to_le_bytes()).chain_update(text);
        let mut source = [0; 16];
        source
            .iter_mut()
            .zip(digest.finalize())
            .for_each(|(to, from)| *to = from);
        Self(source)
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("no source"))
    }
}

/// The record of who may import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lease {
    version: u64,
    /// Nobody else may until then.
    until: Timestamp,
}

impl Versioned for Lease {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Why no import began.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Another one is under way; it may be tried again after that long.
    #[error("another import is under way")]
    UnderWay(Duration),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

/// How many memos there are of each source.
#[derive(Default)]
struct Known(HashMap<Source, u32>);

impl Known {
    fn add(&mut self, source: Source) {
        let count = self.0.entry(source).or_default();
        *count = count.saturating_add(1);
    }

    /// Whether there is one that was not taken yet. Of two that are the same, each is taken once.
    fn take(&mut self, source: Source) -> bool {
        match self.0.get_mut(&source) {
            Some(count) if *count > 0 => {
                *count = count.saturating_sub(1);
                true
            }
            _ => false,
        }
    }
}

/// An import that is under way.
pub struct Import<'a> {
    catalog: &'a Catalog<'a>,
    known: Known,
    lease: Lease,
    began: Timestamp,
    /// Whether a memo was made: each import makes some, however long it took to look around.
    has_made: bool,
    /// Whether a memo may still arrive.
    is_unsettled: bool,
    /// The last id that was taken, where ids are not dense.
    last: MemoId,
}

impl<'a> Import<'a> {
    /// Begins an import: holds the lease, and looks at all memos that there are. Costs a claim, and what
    /// [`Catalog::walk_all`] does.
    ///
    /// # Errors
    /// When another one is under way; those of the store.
    pub async fn begin(catalog: &'a Catalog<'a>) -> Result<Self, Refused> {
        let lease = catalog.take_lease().await?;
        let mut import = Self {
            catalog,
            known: Known::default(),
            lease,
            began: catalog.ports.clock.now(),
            has_made: false,
            is_unsettled: false,
            last: MemoId(0),
        };
        if let Err(error) = import.look_around().await {
            import.end().await;
            return Err(error.into());
        }
        Ok(import)
    }

    async fn look_around(&mut self) -> Result<(), KvError> {
        let mut walk = self.catalog.walk_all().await?;
        loop {
            let memos = self.catalog.next_memos(&mut walk).await?;
            if memos.is_empty() {
                return Ok(());
            }
            for (_, memo) in memos {
                let present = Source::of(Some(memo.created_at), memo.text.as_str());
                self.known.add(present);
                if let Some(source) = memo.source.filter(|source| *source != present) {
                    self.known.add(source);
                }
            }
        }
    }

    /// Whether a memo is there already. Asked twice about two that are the same, it looks for two.
    pub fn has(&mut self, memo: &Portable) -> bool {
        self.known.take(Source::of(memo.created_at, memo.text.as_str()))
    }

    /// Whether no more memos are to be made in this request.
    pub fn is_over(&self) -> bool {
        let now = self.catalog.ports.clock.now();
        (self.has_made && now.since(self.began) >= WORK_MAX) || now + FRESH + FRESH >= self.lease.until
    }

    /// Makes memos, in their order: one increment, and a set for each; one more for those with earlier texts, and two writes
    /// for those in the trash. Says how many were made, also when it failed.
    ///
    /// # Errors
    /// [`Error::Quota`] when there is no room for the next one; those of the store.
    pub async fn create(&mut self, memos: &[Portable]) -> (usize, Result<(), Error>) {
        match self.create_together(memos).await {
            // Some may fit.
            (0, Err(Error::Quota(_))) if memos.len() > 1 => {}
            done => return done,
        }
        let mut made = 0_usize;
        for memo in memos {
            let (one, result) = self.create_together(std::slice::from_ref(memo)).await;
            made = made.saturating_add(one);
            if result.is_err() {
                return (made, result);
            }
        }
        (made, Ok(()))
    }

    async fn create_together(&mut self, memos: &[Portable]) -> (usize, Result<(), Error>) {
        let catalog = self.catalog;
        self.has_made = true;
        let started = catalog.ports.clock.now();
        let ids = match self.take_ids(memos, started).await {
            Ok(ids) => ids,
            Err(error) => return (0, Err(error)),
        };
        let created = ids.into_iter().zip(memos);
        let created = join_all(created.map(|(id, memo)| catalog.create_imported(id, memo, started))).await;
        let made = created.iter().filter(|created| created.is_ok()).count();
        self.is_unsettled |= made < memos.len();
        (made, created.into_iter().collect())
    }

    /// Ids for these memos, in their order: also where those of one moment are in none.
    async fn take_ids(&mut self, memos: &[Portable], now: Timestamp) -> Result<Vec<MemoId>, Error> {
        let kib = memos.iter().fold(0_u32, |kib, memo| kib.saturating_add(kib_of(memo)));
        let count = u32::try_from(memos.len()).unwrap_or(u32::MAX);
        let mut ids = self.catalog.take_ids(count, kib, now).await?;
        ids.sort_unstable();
        for id in &mut ids {
            *id = MemoId(id.0.max(self.last.0.saturating_add(1)));
            self.last = *id;
        }
        Ok(ids)
    }

    /// Lets others import. Where that fails they wait until the lease is over.
    pub async fn end(self) {
        if self.is_unsettled {
            return;
        }
        let (ports, key) = (self.catalog.ports, self.catalog.names.import());
        let over = Lease {
            version: self.lease.version.saturating_add(1),
            until: Timestamp(0),
        };
        let ended = update(ports, &key, self.lease.version, |_: Option<Lease>| {
            Change::<_, _, ()>::Write(over, ())
        });
        if let Err(error) = ended.await {
            ports.warn("the lease of an import stays for a while", error);
        }
    }
}

/// What a memo counts for: its longest text.
fn kib_of(memo: &Portable) -> u32 {
    let earlier = memo.history.iter().map(|earlier| earlier.text.kib());
    earlier.fold(memo.text.kib(), u32::max)
}

impl Catalog<'_> {
    async fn take_lease(&self) -> Result<Lease, Refused> {
        let key = self.names.import();
        let seen: Option<Lease> = self.ports.kv.get_json(&key).await?;
        let now = self.ports.clock.now();
        let version = match seen {
            Some(seen) if seen.until > now => return Err(Refused::UnderWay(seen.until.since(now))),
            Some(seen) => seen.version,
            None => 0,
        };
        let lease = Lease {
            version: version.saturating_add(1),
            until: now + LEASE,
        };
        let taken = update(self.ports, &key, version, |_: Option<Lease>| {
            Change::<_, _, ()>::Write(lease.clone(), ())
        });
        match taken.await? {
            Updated::Done(()) => Ok(lease),
            Updated::Left(()) | Updated::Stale(_) | Updated::Busy => Err(Refused::UnderWay(LEASE)),
        }
    }

    /// Writes an imported memo at an id that was taken at `started`: what belongs to it first, as with every change.
    async fn create_imported(&self, id: MemoId, portable: &Portable, started: Timestamp) -> Result<(), Error> {
        let (memo, texts) = imported(portable, started)?;
        if let Some(trashed_at) = memo.trashed_at {
            self.enlist_trashed(id, trashed_at).await?;
        }
        let record = encode(&memo)?;
        if let Some(texts) = texts {
            self.ports.kv.set(&self.names.history(id), &texts).await?;
        }
        // As for every create: an id without a memo has none for good after a while.
        if self.ports.clock.now().since(started) >= FRESH {
            return Err(KvError::Unavailable("the store took too long".to_owned()).into());
        }
        self.ports.kv.set(&self.names.memo(id), &record).await?;
        Ok(())
    }
}

/// The record of an imported memo, and that of its earlier texts.
fn imported(portable: &Portable, taken_at: Timestamp) -> Result<(Memo, Option<Vec<u8>>), KvError> {
    let created_at = portable.created_at.unwrap_or(taken_at);
    let (version, texts) = history::imported(&portable.history)?;
    let memo = Memo {
        text: portable.text.clone(),
        created_at,
        updated_at: portable.updated_at.unwrap_or(created_at),
        version,
        pinned: portable.pinned,
        archived: portable.archived,
        trashed_at: portable.trashed_at,
        charge: Charge {
            created_kib: kib_of(portable),
            grown_kib: 0,
        },
        kept_at: portable.history.last().map(|newest| newest.written_at),
        taken_at: (created_at != taken_at).then_some(taken_at),
        source: Some(Source::of(portable.created_at, portable.text.as_str())),
    };
    Ok((memo, texts))
}
