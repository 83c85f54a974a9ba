//! Redis, as Spin uses it: keys as they are, whatever the label; counters in decimal, by `INCRBY`.
//! Several hosts may share one.

use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use parking_lot::Mutex;
use redis::{
    AsyncCommands, Client, Cmd, FromRedisValue, RedisError, RedisResult, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::Store;

/// A Redis that does not answer within this time counts as down, so that requests fail and do not pile up.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A database of a Redis server, or of whichever server the address leads to after a failover.
pub struct Redis {
    client: Client,
    connection: Mutex<Connection>,
}

/// The connection that all requests share, and how many there were before it.
#[derive(Clone)]
struct Connection {
    number: u64,
    manager: ConnectionManager,
}

impl Redis {
    /// A store that connects at first use, and again after a failure.
    ///
    /// # Errors
    ///
    /// The URL is none of a Redis.
    pub fn new(url: &str) -> Result<Self> {
        let client = Client::open(url).context("url")?;
        let manager = connect(&client).context("url")?;
        Ok(Self {
            client,
            connection: Mutex::new(Connection { number: 0, manager }),
        })
    }

    /// Carries out a command. A connection on which it turns out that the server is not, or not any more, the one to
    /// write to is left, so that the next command finds the server that took its place.
    async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Result<T> {
        let Connection { number, mut manager } = self.connection.lock().clone();
        let answer = command.query_async(&mut manager).await;
        if let Err(why) = &answer
            && leads_nowhere(why)
        {
            self.leave(number);
        }
        Ok(answer?)
    }

    /// Of many commands that fail together on one connection, the first has it replaced.
    fn leave(&self, number: u64) {
        let mut connection = self.connection.lock();
        if connection.number == number
            && let Ok(manager) = connect(&self.client)
        {
            *connection = Connection {
                number: number + 1,
                manager,
            };
        }
    }
}

/// A connection that is made at its first command, and made again after it was closed.
fn connect(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(TIMEOUT))
        .set_response_timeout(Some(TIMEOUT))
        .set_number_of_retries(1)
        .set_max_delay(Duration::from_millis(100));
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// Whether a connection is of no use, although it is open: nobody answers on it, as when a machine has vanished or the
/// server is suspended; or a server does that was the master until a failover. The connection manager keeps such a
/// connection, and would find out in a quarter of an hour at best.
fn leads_nowhere(why: &RedisError) -> bool {
    why.is_timeout()
        || matches!(
            why.kind(),
            redis::ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        )
        || why.code() == Some("NOREPLICAS")
}

#[async_trait]
impl Store for Redis {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.ask(Cmd::get(key)).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.ask(Cmd::set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.ask(Cmd::del(key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        self.ask(Cmd::exists(key)).await
    }

    async fn keys(&self) -> Result<Vec<String>> {
        let mut connection = self.connection.lock().manager.clone();
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
        self.ask(Cmd::incr(key, delta)).await
    }
}
