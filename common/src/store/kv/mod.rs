//! The key-value port: what the services ask of a store, and how it can fail.
//!
//! It holds no more than every Spin store keeps (docs/storage.md): no compare-and-swap, no batch, no transaction,
//! no time to live.

mod memory;
#[cfg(target_family = "wasm")]
mod redis;
mod redis_address;
#[cfg(target_family = "wasm")]
mod spin;

use async_trait::async_trait;
use futures::future::try_join_all;
use serde::{Serialize, de::DeserializeOwned};

pub use memory::MemoryKv;
#[cfg(target_family = "wasm")]
pub use redis::RedisKv;
pub use redis_address::RedisAddress;
#[cfg(target_family = "wasm")]
pub use spin::SpinKv;

/// The longest key, in bytes, that every Spin store takes (Fermyon Cloud's limit).
pub const KEY_MAX_BYTES: usize = 255;

/// The largest value, in bytes, that every Spin store takes (Fermyon Cloud's limit).
pub const VALUE_MAX_BYTES: usize = 1_000_000;

/// Why a store did not do what it was asked.
///
/// After an error the operation may or may not have been done: a timeout does not tell whether the write happened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KvError {
    /// The store can't be reached or failed inside; a later try may pass.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store won't do this, now or later: no permission, no such store, no such operation.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// The key or the value is larger than stores take.
    #[error("too large for the store: {0}")]
    TooLarge(String),
    /// The store holds something that this code did not write.
    #[error("unreadable record {}: {cause}", shown(key))]
    Corrupt {
        /// The record's key.
        key: String,
        /// What was wrong with it.
        cause: String,
    },
}

/// A key-value store.
#[async_trait]
pub trait Kv: Send + Sync {
    /// The value at `key`, or `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError>;
    /// Puts `value` at `key`, over whatever was there.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError>;
    /// Removes `key`; no error where there is none.
    async fn delete(&self, key: &str) -> Result<(), KvError>;
    /// Whether there is a value at `key`.
    async fn exists(&self, key: &str) -> Result<bool, KvError>;
    /// Every key that starts with `prefix`, in no order. Scans the whole store: only for stores without `increment`.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError>;
    /// Adds `delta` to the counter at `key` (0 where there is none) and returns the sum, atomically.
    ///
    /// A counter's bytes differ between stores: keep counters on keys of their own, and read one with a delta of 0.
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError>;
    /// Whether [`Kv::increment`] works on this store.
    fn has_increment(&self) -> bool;
    /// Makes a connection anew that has been lost. It is asked for before each request: operations can't do it, because they
    /// would all do it at once, and none may wait for another request's.
    async fn reconnect(&self) {}
}

impl dyn Kv {
    /// The record at `key`, read as JSON.
    ///
    /// # Errors
    /// Those of the store, and [`KvError::Corrupt`] when it is not such a record.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, KvError> {
        match self.get(key).await? {
            Some(bytes) => decode(key, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Puts `record` at `key` as JSON.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn set_json<T: Serialize + Sync>(&self, key: &str, record: &T) -> Result<(), KvError> {
        self.set(key, &encode(record)?).await
    }

    /// The values at `keys`, in their order, asked for at once: fifty cost little more than one.
    ///
    /// # Errors
    /// Those of the store, when any of the reads fails.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        try_join_all(keys.iter().map(|key| self.get(key))).await
    }
}

/// A record as it is stored.
///
/// # Errors
/// [`KvError::Refused`] for a type that JSON can't hold, which none of ours is.
pub fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, KvError> {
    serde_json::to_vec(record).map_err(|error| KvError::Refused(error.to_string()))
}

/// A stored record, read back.
///
/// # Errors
/// [`KvError::Corrupt`] when it is something else.
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, KvError> {
    serde_json::from_slice(bytes).map_err(|error| KvError::Corrupt {
        key: key.to_owned(),
        cause: error.to_string(),
    })
}

/// As much of a key as a log may hold: what kind of record it is. The rest may be a person's name.
fn shown(key: &str) -> String {
    let kind: Vec<&str> = key.split('/').take(2).collect();
    kind.join("/")
}

/// Refuses, before it is sent, what some Spin store would refuse.
fn check_size(key: &str, value: &[u8]) -> Result<(), KvError> {
    if key.len() > KEY_MAX_BYTES {
        return Err(KvError::TooLarge(format!("a key of {} bytes", key.len())));
    }
    if value.len() > VALUE_MAX_BYTES {
        return Err(KvError::TooLarge(format!("a value of {} bytes", value.len())));
    }
    Ok(())
}
