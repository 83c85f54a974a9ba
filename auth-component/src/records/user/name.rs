//! Names: `auth/name/{username}` says whose a name is, or until when it is nobody's because its user was deleted.

use std::time::Duration;

use common::{
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use futures::FutureExt;
use serde::{Deserialize, Serialize};

use crate::records::{
    insist::{Insisted, insist},
    username::Username,
};

/// How long the name of somebody who was deleted is not given out, so that nobody is taken for them.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The record. It changes when its user is deleted, and when the name is given out again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    #[serde(default = "super::first_version")]
    version: u64,
    /// Whose it is; nobody's, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    /// From when on it can be had again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    free_from: Option<Timestamp>,
}

impl Versioned for Name {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Name {
    fn is_free(&self, now: Timestamp) -> bool {
        self.user_id.is_none() && self.free_from.is_none_or(|free_from| now >= free_from)
    }
}

fn key(username: &Username) -> String {
    format!("auth/name/{}", username.as_str())
}

/// Whether the name can't be had. One read.
///
/// # Errors
/// Those of the store.
pub async fn is_taken(ports: &Ports, username: &Username) -> Result<bool, KvError> {
    let name: Option<Name> = ports.kv.get_json(&key(username)).await?;
    Ok(name.is_some_and(|name| !name.is_free(ports.clock.now())))
}

/// Whose the name is. One read.
///
/// # Errors
/// Those of the store.
pub async fn owner(ports: &Ports, username: &Username) -> Result<Option<UserId>, KvError> {
    let name: Option<Name> = ports.kv.get_json(&key(username)).await?;
    Ok(name.and_then(|name| name.user_id))
}

/// What came of giving out a name.
pub enum Given {
    /// It is the user's.
    Done,
    /// It is somebody else's, or nobody's for a while.
    Taken,
    /// Others want it at this moment.
    Busy,
}

/// Gives the name to a user: from absent, or from when it was nobody's for long enough. Of two who want it, one gets it.
///
/// # Errors
/// Those of the store; the name may then be the user's or not.
pub async fn give(ports: &Ports, username: &Username, user_id: &UserId) -> Result<Given, KvError> {
    let key = key(username);
    let mut version = 0;
    loop {
        let name = Name {
            version: version + 1,
            user_id: Some(user_id.clone()),
            free_from: None,
        };
        let now = ports.clock.now();
        let given = update(ports, &key, version, |current: Option<Name>| match current {
            Some(current) if !current.is_free(now) => Change::Leave(()),
            _ => Change::Write(name, ()),
        });
        match given.await? {
            Updated::Done(()) => return Ok(Given::Done),
            Updated::Left(()) => return Ok(Given::Taken),
            Updated::Busy => return Ok(Given::Busy),
            // Versions only grow while there is a record, so this ends: it is tried from absent, and once from the record.
            Updated::Stale(Some(current)) if version == 0 && current.is_free(now) => version = current.version,
            Updated::Stale(_) => return Ok(Given::Taken),
        }
    }
}

/// What came of a change that has to be made.
pub enum Settled {
    /// It is made, or was not needed.
    Done,
    /// Others change the record all the time.
    Busy,
}

/// Takes the name away from a user who is being deleted: from now on it is nobody's, and for a while it can't be had. The moment
/// is that of the first time.
///
/// # Errors
/// Those of the store.
pub async fn withdraw(ports: &Ports, username: &Username, user_id: &UserId) -> Result<Settled, KvError> {
    settle(ports, username, |name| {
        let is_theirs = name.user_id.as_ref() == Some(user_id);
        let withdrawn = Name {
            version: name.version.saturating_add(1),
            user_id: None,
            free_from: Some(ports.clock.now() + KEPT),
        };
        if is_theirs {
            Change::Write(withdrawn, ())
        } else {
            Change::Leave(())
        }
    })
    .await
}

/// Removes the record of a name that can be had again.
///
/// # Errors
/// Those of the store.
pub async fn forget(ports: &Ports, username: &Username) -> Result<Settled, KvError> {
    settle(ports, username, |name| {
        if name.is_free(ports.clock.now()) {
            Change::Delete(())
        } else {
            Change::Leave(())
        }
    })
    .await
}

async fn settle(
    ports: &Ports,
    username: &Username,
    change: impl Fn(Name) -> Change<Name, (), ()> + Send + Sync,
) -> Result<Settled, KvError> {
    let key = key(username);
    let settled = insist(ports, &key, |name: Option<Name>| {
        let change = name.map_or(Change::Leave(()), &change);
        async move { Ok(change) }.boxed()
    });
    Ok(match settled.await? {
        Insisted::Done(()) | Insisted::Left(()) => Settled::Done,
        Insisted::Busy => Settled::Busy,
    })
}
