//! A Redis that the component reaches itself, over Spin's outbound Redis.
//!
//! Keys, values and counters are what Spin's own Redis store makes of them, so that either way goes on with the data of the
//! other.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::future::{Either, select};
use send_wrapper::SendWrapper;
use spin_sdk::{
    redis::{Connection, Error, RedisParameter, RedisResult},
    time::sleep,
};

use super::{Kv, KvError, check_size, redis_address::RedisAddress};

/// A Redis that does not answer within this time counts as away. Spin itself waits for ever.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A Redis, over one connection for the whole instance.
pub struct RedisKv {
    address: RedisAddress,
    /// Why there is no connection, after an operation or a try to connect has failed.
    connection: Mutex<Result<Arc<Connection>, KvError>>,
}

impl RedisKv {
    /// Connects, and signs in where the address says as whom.
    ///
    /// # Errors
    /// [`KvError::Refused`] when `allowed_outbound_hosts` does not name the address, and [`KvError::Unavailable`] when nobody
    /// answers there or the password is refused.
    pub async fn connect(address: RedisAddress) -> Result<Self, KvError> {
        let connection = open(&address).await?;
        Ok(Self {
            address,
            connection: Mutex::new(Ok(connection)),
        })
    }

    fn state(&self) -> MutexGuard<'_, Result<Arc<Connection>, KvError>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the connection do something. After a failure it is not used again: whether a later operation can succeed on it
    /// can't be told from an error that is text, and after a failover of Redis none may.
    async fn perform<T>(&self, operation: impl AsyncFnOnce(&Connection) -> Result<T, Error>) -> Result<T, KvError> {
        let connection = self.state().clone()?;
        let result = in_time(operation(&connection)).await;
        if let Err(error) = &result {
            let mut state = self.state();
            // It may have failed late, when there is another connection already.
            if state.as_ref().is_ok_and(|current| Arc::ptr_eq(current, &connection)) {
                *state = Err(error.clone());
            }
        }
        result
    }
}

/// A new connection.
async fn open(address: &RedisAddress) -> Result<Arc<Connection>, KvError> {
    let opening = SendWrapper::new(in_time(Connection::open(address.to_secret_url())));
    opening.await.map(Arc::new)
}

/// What comes of an operation, if that is known in time.
async fn in_time<T>(operation: impl Future<Output = Result<T, Error>>) -> Result<T, KvError> {
    match select(pin!(operation), pin!(sleep(TIMEOUT))).await {
        Either::Left((result, _)) => Ok(result?),
        Either::Right(_) => Err(KvError::Unavailable(format!(
            "Redis did not answer within {} s",
            TIMEOUT.as_secs()
        ))),
    }
}

/// A command that answers with a number.
async fn number(connection: &Connection, command: &str, arguments: Vec<RedisParameter>) -> Result<i64, Error> {
    match connection.execute(command, arguments).await?.as_slice() {
        [RedisResult::Int64(number)] => Ok(*number),
        _ => Err(Error::TypeError),
    }
}

fn text(key: &str) -> RedisParameter {
    RedisParameter::Binary(key.as_bytes().to_vec())
}

#[async_trait]
impl Kv for RedisKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        SendWrapper::new(self.perform(async |redis| redis.get(key).await)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        check_size(key, value)?;
        SendWrapper::new(self.perform(async |redis| redis.set(key, value).await)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        SendWrapper::new(self.perform(async |redis| redis.del([key]).await)).await?;
        Ok(())
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        let count = self.perform(async |redis| number(redis, "EXISTS", vec![text(key)]).await);
        Ok(SendWrapper::new(count).await? > 0)
    }

    /// Not offered: a store that counts is never asked for its keys, and a user of Redis need not be allowed to scan.
    async fn keys(&self, _prefix: &str) -> Result<Vec<String>, KvError> {
        Err(KvError::Refused("keys are not listed on Redis".to_owned()))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        check_size(key, &[])?;
        let arguments = vec![text(key), RedisParameter::Int64(delta)];
        SendWrapper::new(self.perform(async |redis| number(redis, "INCRBY", arguments).await)).await
    }

    fn has_increment(&self) -> bool {
        true
    }

    async fn reconnect(&self) {
        if self.state().is_ok() {
            return;
        }
        let connection = open(&self.address).await;
        let mut state = self.state();
        // Another request may have been faster.
        if state.is_err() {
            *state = connection;
        }
    }
}

impl From<Error> for KvError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidAddress => Self::Refused("allowed_outbound_hosts does not name redis_url".to_owned()),
            Error::TooManyConnections => Self::Unavailable("too many connections to Redis".to_owned()),
            Error::TypeError => Self::Unavailable("Redis answered with another type".to_owned()),
            Error::Other(cause) => Self::Unavailable(cause),
        }
    }
}
