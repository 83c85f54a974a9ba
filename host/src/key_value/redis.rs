//! Redis, as Spin uses it: keys as they are, whatever the label; counters in decimal, by `INCRBY`.
//! Several hosts may share one.

use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use redis::{
    AsyncCommands, Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::Store;

/// A Redis that does not answer within this time counts as down, so that requests fail and do not pile up.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A database of a Redis server.
pub struct Redis(ConnectionManager);

impl Redis {
    /// A store that connects at first use, and again after a failure.
    ///
    /// # Errors
    ///
    /// The URL is none of a Redis.
    pub fn new(url: &str) -> Result<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let manager = Client::open(url).and_then(|client| ConnectionManager::new_lazy_with_config(client, config));
        Ok(Self(manager.context("url")?))
    }

    fn connection(&self) -> ConnectionManager {
        self.0.clone()
    }
}

#[async_trait]
impl Store for Redis {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.connection().get(key).await?)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        Ok(self.connection().set(key, value).await?)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        Ok(self.connection().del(key).await?)
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.connection().exists(key).await?)
    }

    async fn keys(&self) -> Result<Vec<String>> {
        let mut connection = self.connection();
        let mut scan = connection.scan::<String>().await?;
        let mut keys = Vec::new();
        while let Some(key) = scan.next_item().await {
            keys.push(key?);
        }
        // A scan may name a key more than once.
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        Ok(self.connection().incr(key, delta).await?)
    }
}
