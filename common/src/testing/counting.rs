//! A store that counts what it is asked.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::store::kv::{Kv, KvError, MemoryKv};

/// Operations by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Of [`Kv::get`].
    pub get: usize,
    /// Of [`Kv::set`].
    pub set: usize,
    /// Of [`Kv::delete`].
    pub delete: usize,
    /// Of [`Kv::exists`].
    pub exists: usize,
    /// Of [`Kv::keys`].
    pub keys: usize,
    /// Of [`Kv::increment`].
    pub increment: usize,
}

impl Calls {
    /// Operations that change nothing.
    pub fn reads(self) -> usize {
        self.get + self.exists
    }

    /// Operations that change something.
    pub fn writes(self) -> usize {
        self.set + self.delete + self.increment
    }

    /// All operations.
    pub fn all(self) -> usize {
        self.reads() + self.writes() + self.keys
    }
}

/// A store in memory that counts.
#[derive(Debug, Default)]
pub struct CountingKv {
    store: MemoryKv,
    calls: Mutex<Calls>,
    lacks_increment: bool,
}

impl CountingKv {
    /// A store as some platforms have it: one that can't increment.
    #[must_use]
    pub fn without_increment() -> Self {
        Self {
            lacks_increment: true,
            ..Self::default()
        }
    }

    /// What was asked since this was last called.
    pub fn take(&self) -> Calls {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, one: impl FnOnce(&mut Calls)) {
        one(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Kv for CountingKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.count(|calls| calls.get += 1);
        self.store.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.count(|calls| calls.set += 1);
        self.store.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.count(|calls| calls.delete += 1);
        self.store.delete(key).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.count(|calls| calls.exists += 1);
        self.store.exists(key).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.count(|calls| calls.keys += 1);
        self.store.keys(prefix).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.count(|calls| calls.increment += 1);
        self.store.increment(key, delta).await
    }

    fn has_increment(&self) -> bool {
        !self.lacks_increment
    }
}
