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

use crate::bytes32::Bytes32;

const KEY: &str = "auth/key/signing";

/// The age at which a key is replaced.
const ROTATE_AFTER: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long a replaced key stays published. Its last tokens end 25 minutes after its successor was made; a day leaves
/// room for verifiers that keep what they were once given.
const RETIRE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

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
pub struct SigningKeys {
    version: u64,
    keys: Vec<StoredKey>,
}

/// One key.
#[derive(Clone, Serialize, Deserialize)]
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
    /// The keys that are published: the newest, and what it replaced a short while ago.
    pub fn published(self, now: Timestamp) -> Vec<StoredKey> {
        let replaced_long_ago = self
            .keys
            .last()
            .is_some_and(|newest| now.since(newest.created_at) >= RETIRE_AFTER);
        let keep = if replaced_long_ago { 1 } else { 2 };
        let skip = self.keys.len().saturating_sub(keep);
        self.keys.into_iter().skip(skip).collect()
    }
}

/// Reads the record, which is made or renewed first if need be.
///
/// # Errors
/// Those of the store and of randomness, and [`Error::BeingMade`] when another instance began and did not finish.
pub async fn load(ports: &Ports, now: Timestamp) -> Result<SigningKeys, Error> {
    let stored: Option<SigningKeys> = ports.kv.get_json(KEY).await?;
    let newest = stored.as_ref().and_then(|stored| stored.keys.last().cloned());
    match (stored, newest) {
        (Some(stored), Some(newest)) if now.since(newest.created_at) < ROTATE_AFTER => Ok(stored),
        (Some(stored), newest) => {
            let renewed = add(ports, stored.version, newest, now).await?;
            Ok(renewed.unwrap_or(stored))
        }
        (None, _) => match add(ports, 0, None, now).await? {
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
async fn add(
    ports: &Ports,
    version: u64,
    newest: Option<StoredKey>,
    now: Timestamp,
) -> Result<Option<SigningKeys>, Error> {
    let key = StoredKey {
        seed: Bytes32::random(ports)?,
        created_at: now,
    };
    let renewed = SigningKeys {
        version: version.saturating_add(1),
        keys: newest.into_iter().chain([key]).collect(),
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
