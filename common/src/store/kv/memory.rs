//! A store in memory, for tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{Kv, KvError, check_size};

/// A store that lives as long as the value does.
///
/// Counters are kept as decimal text, like Redis does; get and set on them work, and must not be relied on.
#[derive(Debug)]
pub struct MemoryKv {
    records: Mutex<BTreeMap<String, Vec<u8>>>,
    has_increment: bool,
}

impl Default for MemoryKv {
    fn default() -> Self {
        Self {
            records: Mutex::default(),
            has_increment: true,
        }
    }
}

impl MemoryKv {
    /// A store without the atomic increment, like Fermyon Cloud's.
    pub fn without_increment() -> Self {
        Self {
            has_increment: false,
            ..Self::default()
        }
    }

    fn records(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Kv for MemoryKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.records().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        check_size(key, value)?;
        self.records().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.records().remove(key);
        Ok(())
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        Ok(self.records().contains_key(key))
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        let records = self.records();
        let from_prefix = records.range(prefix.to_owned()..);
        Ok(from_prefix
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(prefix))
            .collect())
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        if !self.has_increment {
            return Err(KvError::Refused("no increment on this store".to_owned()));
        }
        check_size(key, &[])?;
        let mut records = self.records();
        let counter = match records.get(key) {
            Some(bytes) => std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse::<i64>().ok())
                .ok_or_else(|| KvError::Unavailable("not a counter".to_owned()))?,
            None => 0,
        };
        let sum = counter.wrapping_add(delta);
        records.insert(key.to_owned(), sum.to_string().into_bytes());
        Ok(sum)
    }

    fn has_increment(&self) -> bool {
        self.has_increment
    }
}
