//! Stores that take their time, so that requests at the same moment meet in the middle.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use common::{
    store::kv::{Kv, KvError, MemoryKv},
    testing::yield_now,
};

use super::TestApp;

/// A store at each of whose operations others may go first, as at every real one.
struct Slow {
    store: MemoryKv,
    /// How many others may go first, where that is not one.
    turns: Option<Mutex<fastrand::Rng>>,
}

impl Slow {
    async fn wait(&self) {
        let turns = self.turns.as_ref().map_or(1, |turns| turns.lock().unwrap().usize(0..5));
        for _ in 0..turns {
            yield_now().await;
        }
    }
}

#[async_trait]
impl Kv for Slow {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.wait().await;
        self.store.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.wait().await;
        self.store.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.wait().await;
        self.store.delete(key).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.wait().await;
        self.store.exists(key).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.wait().await;
        self.store.keys(prefix).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.wait().await;
        self.store.increment(key, delta).await
    }

    fn has_increment(&self) -> bool {
        self.store.has_increment()
    }
}

/// The service over slow stores of both kinds.
pub fn slow() -> [TestApp; 2] {
    [MemoryKv::default(), MemoryKv::without_increment()]
        .map(|store| TestApp::over(Arc::new(Slow { store, turns: None })))
}

/// The service over a store of which nobody knows who goes first; the same for the same seed.
pub fn unsteady(seed: u64) -> TestApp {
    TestApp::over(Arc::new(Slow {
        store: MemoryKv::default(),
        turns: Some(Mutex::new(fastrand::Rng::with_seed(seed))),
    }))
}
