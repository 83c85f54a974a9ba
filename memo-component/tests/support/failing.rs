//! A store that fails once.

use std::sync::atomic::{AtomicIsize, Ordering};

use async_trait::async_trait;
use common::store::kv::{Kv, KvError, MemoryKv};

/// A store whose operation of some number fails: before it is done, or, where nobody can know, after.
pub struct Failing {
    store: MemoryKv,
    left: AtomicIsize,
    is_done: bool,
}

impl Failing {
    pub fn new(is_done: bool) -> Self {
        Self {
            store: MemoryKv::default(),
            left: AtomicIsize::new(-1),
            is_done,
        }
    }

    /// Fails the operation after so many.
    pub fn after(&self, operations: usize) {
        self.left.store(operations as isize, Ordering::SeqCst);
    }

    /// Fails no more. Says whether it did.
    pub fn stop(&self) -> bool {
        self.left.swap(-1, Ordering::SeqCst) < 0
    }

    async fn maybe<T>(&self, operation: impl Future<Output = Result<T, KvError>>) -> Result<T, KvError> {
        if self.left.load(Ordering::SeqCst) < 0 || self.left.fetch_sub(1, Ordering::SeqCst) != 0 {
            return operation.await;
        }
        if self.is_done {
            operation.await?;
        }
        Err(KvError::Unavailable("just this once".to_owned()))
    }
}

#[async_trait]
impl Kv for Failing {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.maybe(self.store.get(key)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.maybe(self.store.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.maybe(self.store.delete(key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.maybe(self.store.exists(key)).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.maybe(self.store.keys(prefix)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.maybe(self.store.increment(key, delta)).await
    }

    fn has_increment(&self) -> bool {
        true
    }
}
