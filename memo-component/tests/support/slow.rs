//! Stores that take their time, so that requests at the same moment meet in the middle.

use std::sync::Arc;

use async_trait::async_trait;
use common::{
    store::kv::{Kv, KvError, MemoryKv},
    testing::yield_now,
};

use super::TestApp;

/// A store at each of whose operations others may go first, as at every real one.
struct Slow(MemoryKv);

#[async_trait]
impl Kv for Slow {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        yield_now().await;
        self.0.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        yield_now().await;
        self.0.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        yield_now().await;
        self.0.delete(key).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        yield_now().await;
        self.0.exists(key).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        yield_now().await;
        self.0.keys(prefix).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        yield_now().await;
        self.0.increment(key, delta).await
    }

    fn has_increment(&self) -> bool {
        self.0.has_increment()
    }
}

/// The service over slow stores of both kinds.
pub fn slow() -> [TestApp; 2] {
    [MemoryKv::default(), MemoryKv::without_increment()].map(|store| TestApp::over(Arc::new(Slow(store))))
}
