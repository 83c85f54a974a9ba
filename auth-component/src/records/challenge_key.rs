//! The key that challenges are sealed with: one record, `auth/key/challenge`, which all instances share.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    time::Duration,
};

use common::{
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    world::Ports,
};
use serde::{Deserialize, Serialize};

use crate::bytes32::Bytes32;

const KEY: &str = "auth/key/challenge";

/// How long an instance waits for another one that is making the key: at first this long, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// How often it looks, for half a second in all. Making the key takes a few operations of the store; an instance that died
/// on the way blocks the others for a minute.
const LOOKS: u32 = 6;

/// The key as it is stored. Whoever comes first makes it; it never changes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    key: Bytes32,
}

impl Versioned for Record {
    fn version(&self) -> u64 {
        self.version
    }
}

/// The key as an instance has it, which reads it once.
#[derive(Clone, Default)]
pub struct ChallengeKey(Arc<OnceLock<Bytes32>>);

impl ChallengeKey {
    /// The key, made at its first use. The first requests of a new store come at once as often as not; those that do not make
    /// it look again, and make it where its maker does not.
    ///
    /// # Errors
    /// Those of the store, which stands for missing randomness as well.
    pub async fn get(&self, ports: &Ports) -> Result<&Bytes32, KvError> {
        if let Some(key) = self.0.get() {
            return Ok(key);
        }
        for look in 0..LOOKS {
            if let Some(key) = find_or_make(ports).await? {
                return Ok(self.0.get_or_init(|| key));
            }
            ports.clock.sleep(FIRST_PAUSE.saturating_mul(1 << look)).await;
        }
        Err(KvError::Unavailable("the key of challenges is being made".to_owned()))
    }
}

/// `None` while another instance makes it.
async fn find_or_make(ports: &Ports) -> Result<Option<Bytes32>, KvError> {
    let stored: Option<Record> = ports.kv.get_json(KEY).await?;
    if let Some(record) = stored {
        return Ok(Some(record.key));
    }
    let key = Bytes32::random(ports).map_err(|error| KvError::Unavailable(error.to_string()))?;
    let made = update(ports, KEY, 0, |_: Option<Record>| {
        let record = Record {
            version: 1,
            key: key.clone(),
        };
        Change::<_, _, Infallible>::Write(record, key)
    });
    match made.await? {
        Updated::Done(key) => Ok(Some(key)),
        Updated::Left(never) => match never {},
        Updated::Stale(other) => Ok(other.map(|record| record.key)),
        Updated::Busy => Ok(None),
    }
}
