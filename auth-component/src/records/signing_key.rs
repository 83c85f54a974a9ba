//! Signing keys in the store: one record, `auth/key/signing`, which all instances share.

use std::{convert::Infallible, time::Duration};

use common::{
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    world::{Ports, clock::Timestamp, random::RandomError},
};
use serde::{Deserialize, Serialize};

use super::personal_token::DAYS_MAX;
use crate::bytes32::Bytes32;

const KEY: &str = "auth/key/signing";

/// The age at which a key is replaced.
const ROTATE_AFTER: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long a replaced key stays published: as long as the longest personal token is good, which it may have signed a few
/// minutes after its successor was made, and two days more, which leave room for verifiers that keep what they were once given.
/// So there are six keys at most.
const RETIRE_AFTER: Duration = Duration::from_secs((DAYS_MAX + 2) * 24 * 60 * 60);

/// How long an instance waits between its looks for the first key, which another instance is making: at first this
/// long, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// How often an instance looks for the first key before it gives up: for five seconds in all. Making the key takes
/// seven operations of the store; an instance that died on the way blocks the others for a minute.
const LOOKS: u32 = 9;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another instance began to make the first key, and did not finish.
    #[error("the first signing key is being made by another instance")]
    BeingMade,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// There is no randomness for a key.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The record: the newest key last.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeys {
    version: u64,
    keys: Vec<StoredKey>,
}

/// One key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredKey {
    /// The Ed25519 seed (RFC 8032 §5.1.5).
    pub seed: Bytes32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Versioned for SigningKeys {
    fn version(&self) -> u64 {
        self.version
    }
}

impl SigningKeys {
    /// The keys that are published: the newest, and those that were replaced less than so long ago.
    pub fn published(self, now: Timestamp) -> Vec<StoredKey> {
        unretired(self.keys, now)
    }
}

/// The keys without those that have retired: whose successor is so old.
fn unretired(keys: Vec<StoredKey>, now: Timestamp) -> Vec<StoredKey> {
    let successors = keys.iter().skip(1);
    let retired = successors.take_while(|successor| now.since(successor.created_at) >= RETIRE_AFTER);
    let retired = retired.count();
    keys.into_iter().skip(retired).collect()
}

/// Reads the record, which is made or renewed first if need be.
///
/// # Errors
/// Those of the store and of randomness, and [`Error::BeingMade`] when another instance began and did not finish.
pub async fn load(ports: &Ports, now: Timestamp) -> Result<SigningKeys, Error> {
    let stored: Option<SigningKeys> = ports.kv.get_json(KEY).await?;
    let is_young = |key: &StoredKey| now.since(key.created_at) < ROTATE_AFTER;
    match stored {
        Some(stored) if stored.keys.last().is_some_and(is_young) => Ok(stored),
        Some(stored) => {
            let kept = unretired(stored.keys.clone(), now);
            let renewed = add(ports, stored.version, kept, now).await?;
            Ok(renewed.unwrap_or(stored))
        }
        None => match add(ports, 0, Vec::new(), now).await? {
            Some(made) => Ok(made),
            None => wait_for_first(ports).await,
        },
    }
}

/// Looks again and again for the first key, which another instance has just made or is about to make.
async fn wait_for_first(ports: &Ports) -> Result<SigningKeys, Error> {
    for look in 0..LOOKS {
        if let Some(made) = ports.kv.get_json(KEY).await? {
            return Ok(made);
        }
        ports.clock.sleep(FIRST_PAUSE.saturating_mul(1 << look)).await;
    }
    ports.kv.get_json(KEY).await?.ok_or(Error::BeingMade)
}

/// Adds a key to the record at `version`; `None` when somebody else does.
async fn add(ports: &Ports, version: u64, kept: Vec<StoredKey>, now: Timestamp) -> Result<Option<SigningKeys>, Error> {
    let key = StoredKey {
        seed: Bytes32::random(ports)?,
        created_at: now,
    };
    let renewed = SigningKeys {
        version: version.saturating_add(1),
        keys: kept.into_iter().chain([key]).collect(),
    };
    let added = update(ports, KEY, version, |_: Option<SigningKeys>| {
        Change::<_, _, Infallible>::Write(renewed.clone(), renewed)
    });
    match added.await? {
        Updated::Done(renewed) => Ok(Some(renewed)),
        Updated::Left(never) => match never {},
        Updated::Stale(_) | Updated::Busy => Ok(None),
    }
}
