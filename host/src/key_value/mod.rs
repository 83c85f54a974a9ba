//! Key-value stores. All backends keep one contract, which `tests/host/contract.rs` holds against each of them.

mod memory;
mod redis;
mod sqlite;

use anyhow::Result;
use async_trait::async_trait;

pub use self::{memory::Memory, redis::Redis, sqlite::Database};

/// One store: what a label in a component's `key_value_stores` stands for.
#[async_trait]
pub trait Store: Send + Sync {
    /// The key's value, if it has one.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// Gives the key a value. It is stored for good once this returns.
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()>;
    /// Removes the key, if it is there.
    async fn delete(&self, key: &str) -> Result<()>;
    /// Whether the key has a value.
    async fn exists(&self, key: &str) -> Result<bool>;
    /// All keys of the store, sorted.
    async fn keys(&self) -> Result<Vec<String>>;
    /// Adds to a counter (absent: 0) in one step and returns its new value, which everybody sees from then on.
    ///
    /// It need not be stored for good yet: a crash may take it back, but only together with all that was set, deleted or
    /// incremented after it returned. An increment by 0 returns what is stored for good.
    async fn increment(&self, key: &str, delta: i64) -> Result<i64>;
}

/// What a counter is after `delta`, and how it is stored: as 8 little-endian bytes, like Spin's own.
fn add(stored: Option<&[u8]>, delta: i64) -> Result<i64> {
    let current = match stored {
        Some(bytes) => i64::from_le_bytes(
            bytes
                .try_into()
                .map_err(|_| anyhow::anyhow!("the value is not a counter"))?,
        ),
        None => 0,
    };
    current
        .checked_add(delta)
        .ok_or_else(|| anyhow::anyhow!("the counter overflows"))
}
