//! Changes that have to be made, whoever else is changing the record.

use std::time::Duration;

use common::{
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update_after},
    },
    world::Ports,
};
use futures::future::BoxFuture;

/// How often a change is tried.
const ATTEMPTS: u32 = 9;

/// How long it waits for another one that holds the claim: at first this long, then twice as long each time, for two and a
/// half seconds in all. A change takes a few operations of the store; one that died on the way blocks the record for a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// How it ended.
pub enum Insisted<T, E> {
    /// The record was changed.
    Done(T),
    /// Nothing was changed, by the change's own decision.
    Left(E),
    /// Nothing was changed: others hold the claim all the time.
    Busy,
}

/// Changes the record at `key` from whatever it is by then. `change` holds the claim while it decides, and may be asked
/// several times.
///
/// # Errors
/// Those of the store and of `change`. The change may then have been made or not.
pub async fn insist<'a, R, T, E>(
    ports: &'a Ports,
    key: &str,
    mut change: impl FnMut(Option<R>) -> BoxFuture<'a, Result<Change<R, T, E>, KvError>> + Send,
) -> Result<Insisted<T, E>, KvError>
where
    R: Versioned,
    T: Send,
    E: Send,
{
    for attempt in 0..ATTEMPTS {
        let current: Option<R> = ports.kv.get_json(key).await?;
        let version = current.as_ref().map_or(0, Versioned::version);
        match update_after(ports, key, version, &mut change).await? {
            Updated::Done(value) => return Ok(Insisted::Done(value)),
            Updated::Left(reason) => return Ok(Insisted::Left(reason)),
            Updated::Stale(_) => {}
            Updated::Busy => ports.clock.sleep(FIRST_PAUSE.saturating_mul(1 << attempt)).await,
        }
    }
    Ok(Insisted::Busy)
}
