//! A store that is forgotten at exit, for tests.

use std::collections::BTreeMap;

use anyhow::Result;
use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Store, add};

/// A map in memory.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Store for Memory {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.0.lock().get(key).cloned())
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.0.lock().insert(key.to_owned(), value);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.0.lock().remove(key);
        Ok(())
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.0.lock().contains_key(key))
    }

    async fn keys(&self) -> Result<Vec<String>> {
        Ok(self.0.lock().keys().cloned().collect())
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        let mut values = self.0.lock();
        let value = add(values.get(key).map(Vec::as_slice), delta)?;
        values.insert(key.to_owned(), value.to_le_bytes().to_vec());
        Ok(value)
    }
}
