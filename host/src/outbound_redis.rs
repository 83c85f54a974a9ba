//! Connections to Redis that components open themselves (`spin:redis`), only to where `allowed_outbound_hosts` says so.

use redis::{
    AsyncCommands, AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, RedisError, Value,
    aio::MultiplexedConnection,
};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::{Accessor, HasSelf, Resource};

use crate::{
    bindings::spin::redis::redis::{Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult},
    grants::Grants,
    output::report,
    state::State,
};

/// How many connections the instances of one component may have open at a time: one for each instance is usual.
pub const MAX_CONNECTIONS: usize = 512;

/// A connection of an instance, which closes with its value.
pub struct Connection {
    redis: MultiplexedConnection,
    _permit: OwnedSemaphorePermit,
}

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl Host for State {}

impl HostConnection for State {
    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionWithStore<T> for HasSelf<State> {
    async fn open(accessor: &Accessor<T, Self>, address: String) -> Answer<Resource<Connection>> {
        let grants = accessor.with(|mut access| access.get().grants.clone());
        let connection = match open(&grants, &address).await {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut access| {
            let pushed = access.get().table.push(connection);
            Ok(pushed.map_err(|_| Error::TooManyConnections))
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        key: String,
    ) -> Answer<Option<Vec<u8>>> {
        let mut redis = opened(accessor, &connection)?;
        Ok(redis.get(key).await.map_err(other))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        key: String,
        value: Vec<u8>,
    ) -> Answer<()> {
        Ok(opened(accessor, &connection)?.set(key, value).await.map_err(other))
    }

    async fn del(accessor: &Accessor<T, Self>, connection: Resource<Connection>, keys: Vec<String>) -> Answer<u32> {
        Ok(opened(accessor, &connection)?.del(keys).await.map_err(other))
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> Answer<Vec<RedisResult>> {
        let mut redis = opened(accessor, &connection)?;
        let mut command = redis::cmd(&command);
        for argument in arguments {
            match argument {
                RedisParameter::Int64(number) => command.arg(number),
                RedisParameter::Binary(bytes) => command.arg(bytes),
            };
        }
        let answer = command.query_async(&mut redis).await.map_err(other);
        Ok(answer.and_then(|answer| {
            let mut results = Vec::new();
            flatten(answer, &mut results)?;
            Ok(results)
        }))
    }
}

/// Connects, where the component may and within its limit. How long it waits for an answer is the component's affair, as in
/// Spin.
async fn open(grants: &Grants, address: &str) -> Result<Connection, Error> {
    let client = Client::open(address).map_err(|_| Error::InvalidAddress)?;
    let (scheme, host, port) = match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, port) => ("redis", host, *port),
        ConnectionAddr::TcpTls { host, port, .. } => ("rediss", host, *port),
        _ => return Err(Error::InvalidAddress),
    };
    // What is checked is what would be connected to, and not the text that was read for it.
    let host = if host.contains(':') { &format!("[{host}]") } else { host };
    if !grants.allowed_hosts.allow_address(scheme, host, port) {
        report(format_args!(
            "component {} may not connect to {scheme}://{host}:{port}: add it to allowed_outbound_hosts",
            grants.id
        ));
        return Err(Error::InvalidAddress);
    }
    let permit = grants.redis_connections.clone().try_acquire_owned();
    let _permit = permit.map_err(|_| Error::TooManyConnections)?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let redis = client.get_multiplexed_async_connection_with_config(&config).await;
    Ok(Connection {
        redis: redis.map_err(other)?,
        _permit,
    })
}

fn opened<T: Send>(
    accessor: &Accessor<T, HasSelf<State>>,
    connection: &Resource<Connection>,
) -> wasmtime::Result<MultiplexedConnection> {
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.redis.clone()))
}

fn other(error: RedisError) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedReturnType => Error::TypeError,
        _ => Error::Other(error.to_string()),
    }
}

/// Lists have no nesting in this interface.
fn flatten(value: Value, results: &mut Vec<RedisResult>) -> Result<(), Error> {
    match value {
        Value::Nil => results.push(RedisResult::Nil),
        Value::Int(number) => results.push(RedisResult::Int64(number)),
        Value::BulkString(bytes) => results.push(RedisResult::Binary(bytes)),
        Value::SimpleString(text) => results.push(RedisResult::Status(text)),
        Value::Okay => results.push(RedisResult::Status("OK".to_owned())),
        Value::Array(values) => values.into_iter().try_for_each(|value| flatten(value, results))?,
        Value::ServerError(error) => return Err(other(error.into())),
        // RESP3, which is not spoken here.
        _ => return Err(Error::TypeError),
    }
    Ok(())
}
