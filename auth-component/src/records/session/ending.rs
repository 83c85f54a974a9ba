//! How a session ends for good, whoever else is at it.

use std::convert::Infallible;

use common::{
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    world::Ports,
};

use super::{Session, ended_key, key};

/// How often the record is tried to be deleted under a claim.
const ATTEMPTS: usize = 8;

/// Ends the session for good, also where a rotation under way may yet write it back.
///
/// # Errors
/// Those of the store.
pub async fn remove(ports: &Ports, session_id: &str) -> Result<(), KvError> {
    if ports.kv.has_increment() && remove_claimed(ports, session_id).await? {
        return Ok(());
    }
    // Sign-out must not wait for whoever holds the claim, or has died with it.
    ports.kv.set(&ended_key(session_id), b"1").await?;
    ports.kv.delete(&key(session_id)).await
}

/// Deletes the session under a claim, so that no rotation brings it back; false where the claim is not to be had.
async fn remove_claimed(ports: &Ports, session_id: &str) -> Result<bool, KvError> {
    let key = key(session_id);
    let mut current: Option<Session> = ports.kv.get_json(&key).await?;
    for _ in 0..ATTEMPTS {
        let Some(session) = current else { return Ok(true) };
        let removed = update(ports, &key, session.version(), |_: Option<Session>| {
            Change::<_, _, Infallible>::Delete(())
        });
        current = match removed.await? {
            Updated::Done(()) => return Ok(true),
            Updated::Left(never) => match never {},
            Updated::Stale(newer) => newer,
            Updated::Busy => ports.kv.get_json(&key).await?,
        };
    }
    Ok(false)
}
