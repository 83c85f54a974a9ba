//! Key-value stores. All backends keep one contract, which the tests below hold against each of them.

mod memory;
mod redis;
mod sqlite;

use anyhow::Result;
use async_trait::async_trait;

pub use self::{memory::Memory, redis::Redis, sqlite::Database};

/// One store: what a label in a component's `key_value_stores` stands for.
#[async_trait]
pub trait Store: Send + Sync {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// The value is stored for good once this returns.
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()>;
    async fn delete(&self, key: &str) -> Result<()>;
    async fn exists(&self, key: &str) -> Result<bool>;
    async fn keys(&self) -> Result<Vec<String>>;
    /// Adds to a counter (absent: 0) in one step and returns its new value.
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// The contract, on an empty store.
    async fn keep_the_contract(store: Arc<dyn Store>) {
        assert_eq!(store.get("k").await.unwrap(), None);
        assert!(!store.exists("k").await.unwrap());
        store.delete("k").await.unwrap();

        store.set("k", b"one".to_vec()).await.unwrap();
        store.set("k", b"two".to_vec()).await.unwrap();
        store.set("empty", Vec::new()).await.unwrap();
        store.set("한글/\0\u{1F600}", vec![0, 255]).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(store.get("empty").await.unwrap().as_deref(), Some(&b""[..]));
        assert_eq!(store.get("한글/\0\u{1F600}").await.unwrap(), Some(vec![0, 255]));
        assert!(store.exists("empty").await.unwrap());
        assert_eq!(store.keys().await.unwrap(), ["empty", "k", "한글/\0\u{1F600}"]);
        store.delete("k").await.unwrap();
        assert_eq!(store.get("k").await.unwrap(), None);

        assert_eq!(store.increment("n", 0).await.unwrap(), 0);
        assert_eq!(store.increment("n", 3).await.unwrap(), 3);
        assert_eq!(store.increment("n", -5).await.unwrap(), -2);
        assert_eq!(store.get("n").await.unwrap(), Some((-2_i64).to_le_bytes().to_vec()));
        assert!(store.increment("empty", 1).await.is_err());
        assert_eq!(store.increment("most", i64::MAX).await.unwrap(), i64::MAX);
        assert!(store.increment("most", 1).await.is_err());
        assert_eq!(store.increment("most", 0).await.unwrap(), i64::MAX);

        let tasks = (0..32).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.increment("together", 1).await.unwrap() })
        });
        let mut seen: Vec<_> = futures::future::join_all(tasks)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (1..=32).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn memory_keeps_the_contract() {
        keep_the_contract(Arc::new(Memory::default())).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_keeps_the_contract_for_each_label() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().join("new/folder/kv.db")).unwrap();
        keep_the_contract(database.store("one")).await;
        keep_the_contract(database.store("two")).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_processes_may_use_one_sqlite_file() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Database::open(&dir.path().join("kv.db")).unwrap().store("default");
        let (one, two) = (open(), open());
        let count = |store: Arc<dyn Store>| async move {
            for _ in 0..20 {
                store.increment("n", 1).await.unwrap();
            }
        };
        let (first, second) = (tokio::spawn(count(one.clone())), tokio::spawn(count(two)));
        first.await.unwrap();
        second.await.unwrap();
        assert_eq!(one.increment("n", 0).await.unwrap(), 40);
    }
}
