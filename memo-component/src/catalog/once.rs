//! Creates that are sent twice make one memo: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! The record at `memo/{user}/idem/{digest of the key}` says which memo the key stands for. It is written before the
//! memo, under a claim, and marked done after it:
//!
//! - stopped before the memo was written: a retry finds the record undone and no memo. While the first may still be
//!   under way ([`TAKEOVER_AFTER`]) it is told so (409); later it takes the key over, with a new id;
//! - stopped before the mark: a retry finds the memo and answers with it.
//!
//! A record stays for [`KEPT`], within which a client that was offline may retry; then whoever goes through what is due
//! removes it ([`super::due`]).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    store::{
        claim::{FRESH, WINDOW},
        kv::{KvError, encode},
        record::{Change, Updated, Versioned, update},
    },
    world::Ports,
    world::clock::Timestamp,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Catalog,
    due::{self, Due},
};
use crate::memo::{Charge, Content, Memo, MemoId};

/// How long a create may be under way: two windows of a claim, after which its writes have landed or never will.
pub const TAKEOVER_AFTER: Duration = WINDOW.saturating_mul(2);

/// How long a key is known.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The client's name for one create, as a digest that fits into a store's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateKey(String);

impl CreateKey {
    /// The key that a client sent.
    pub fn new(sent: &str) -> Self {
        Self(digest(sent.as_bytes()))
    }
}

fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    /// A digest of the request's content: the same key with another content is a mistake of the client's.
    fingerprint: String,
    id: MemoId,
    started_at: Timestamp,
    done: bool,
}

impl Versioned for Record {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Why a create with a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key stands for another content.
    #[error("the key stands for another content")]
    Reused,
    /// The first request with this key may still be under way.
    #[error("the first request with this key is under way")]
    UnderWay,
    /// The key's memo was made and has been deleted since.
    #[error("the key's memo has been deleted")]
    Deleted,
    /// The memo could not be written, or it can't be known.
    #[error(transparent)]
    Catalog(#[from] super::Error),
}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Catalog(error.into())
    }
}

impl Catalog<'_> {
    /// Creates the memo that `key` stands for, or finds it.
    ///
    /// # Errors
    /// Those of the store; a retry with the same key finishes or finds what was begun.
    pub async fn create_once(&self, key: &CreateKey, content: Content) -> Result<(MemoId, Memo), Error> {
        let record_key = self.names.once(&key.0);
        // Of everything that the request says.
        let fingerprint = digest(&encode(&content)?);
        let seen: Option<Record> = self.ports.kv.get_json(&record_key).await?;
        if let Some(made) = self.made(seen.as_ref(), &fingerprint).await? {
            return Ok(made);
        }
        let started_at = self.ports.clock.now();
        let record = Record {
            version: seen.as_ref().map_or(0, |seen| seen.version).saturating_add(1),
            fingerprint,
            id: self.take_id(content.text.kib(), started_at).await?,
            started_at,
            done: false,
        };
        // Before the record is there, so that none stays for ever.
        self.enlist_key(key, started_at).await?;
        let begun = self.begin(&record_key, seen, record.clone()).await;
        if let Err(Error::UnderWay) = begun {
            // Nobody will ever write a memo at that id.
            self.give_back(Charge::created(&content.text)).await;
        }
        begun?;
        let memo = self.create_at(record.id, content, started_at).await?;
        self.mark_done(&record_key, &record).await;
        self.pass_by(record.id.0).await;
        Ok((record.id, memo))
    }

    /// The memo that was made for the record; `None` when it is to be made now.
    async fn made(&self, seen: Option<&Record>, fingerprint: &str) -> Result<Option<(MemoId, Memo)>, Error> {
        // Before the memo is looked for: that it is not there says something only if its create was over by then.
        let now = self.ports.clock.now();
        let Some(seen) = seen else { return Ok(None) };
        if seen.fingerprint != fingerprint {
            return Err(Error::Reused);
        }
        match self.find(seen.id).await? {
            Some(memo) => Ok(Some((seen.id, memo))),
            None if seen.done => Err(Error::Deleted),
            None if now.since(seen.started_at) < TAKEOVER_AFTER => Err(Error::UnderWay),
            None => Ok(None),
        }
    }

    /// Enters the key into the list of the day on which it is to be forgotten.
    async fn enlist_key(&self, key: &CreateKey, started_at: Timestamp) -> Result<(), KvError> {
        let due = Due::Key {
            user: self.user().clone(),
            digest: key.0.clone(),
        };
        let day = (started_at + KEPT).day().saturating_add(1);
        due::enlist(self.ports, day, &due).await
    }

    /// Writes the record, if it is still as it was seen.
    async fn begin(&self, key: &str, seen: Option<Record>, record: Record) -> Result<(), Error> {
        let version = record.version.saturating_sub(1);
        let begun = update(self.ports, key, version, |current: Option<Record>| {
            // The mark does not count as a version.
            if current == seen {
                Change::Write(record, ())
            } else {
                Change::Leave(())
            }
        });
        match begun.await? {
            Updated::Done(()) => Ok(()),
            // Another request with the same key came first, and is at it.
            Updated::Left(()) | Updated::Stale(_) | Updated::Busy => Err(Error::UnderWay),
        }
    }

    /// Marks the record as done, while nobody can have taken it over. Without the mark a retry finds the memo all the
    /// same, so a failure here is none of the create's.
    async fn mark_done(&self, key: &str, record: &Record) {
        if self.ports.clock.now().since(record.started_at) < FRESH {
            let done = Record {
                done: true,
                ..record.clone()
            };
            let _ = self.ports.kv.set_json(key, &done).await;
        }
    }
}

/// Removes a key's record that has been there for long enough. Says whether it did.
pub(super) async fn forget_if_old(ports: &Ports, record_key: &str) -> Result<bool, KvError> {
    let record: Option<Record> = ports.kv.get_json(record_key).await?;
    let now = ports.clock.now();
    match record {
        Some(record) if now.since(record.started_at) >= KEPT => {
            ports.kv.delete(record_key).await?;
            Ok(true)
        }
        // Taken over since, it has an entry of its own.
        _ => Ok(false),
    }
}
