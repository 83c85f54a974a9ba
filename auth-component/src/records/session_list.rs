//! Which sessions a user has: `auth/user/{id}/sessions`, a list of ids.
//!
//! A session's record is written before its id is listed, so an id whose record is not there is of a session that has ended.
//! When a session was begun and last used is in its own record alone, so that a refresh does not touch the list.

use common::{
    store::{
        kv::KvError,
        record::{Change, Versioned},
    },
    token::UserId,
    world::Ports,
};
use futures::{FutureExt, future::try_join_all};
use serde::{Deserialize, Serialize};

use super::{
    insist::{Insisted, insist},
    revocation,
    session::{self, Session, ending},
};

/// The most sessions that a user has at a time.
pub const SESSIONS_MAX: usize = 20;

/// The record: ids of sessions, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionList {
    version: u64,
    sessions: Vec<String>,
}

impl Versioned for SessionList {
    fn version(&self) -> u64 {
        self.version
    }
}

impl SessionList {
    /// The next version of a list, or the first one.
    fn next(list: Option<&Self>, sessions: Vec<String>) -> Self {
        let version = list.map_or(0, |list| list.version).saturating_add(1);
        Self { version, sessions }
    }
}

fn key(user_id: &UserId) -> String {
    format!("auth/user/{user_id}/sessions")
}

/// The ids of the user's sessions, oldest first. Some of them may have ended. One read.
///
/// # Errors
/// Those of the store.
pub async fn read(ports: &Ports, user_id: &UserId) -> Result<Vec<String>, KvError> {
    let list: Option<SessionList> = ports.kv.get_json(&key(user_id)).await?;
    Ok(list.map(|list| list.sessions).unwrap_or_default())
}

/// Lists a session. Where there are too many, another one is ended first. False where others hold the list's claim all the
/// time: then it is not listed.
///
/// # Errors
/// Those of the store.
pub async fn add(ports: &Ports, user_id: &UserId, session_id: &str) -> Result<bool, KvError> {
    let key = key(user_id);
    let added = insist(ports, &key, |list: Option<SessionList>| {
        let session_id = session_id.to_owned();
        async move {
            let mut sessions = list.as_ref().map_or_else(Vec::new, |list| list.sessions.clone());
            if sessions.contains(&session_id) {
                return Ok(Change::Leave(()));
            }
            sessions.push(session_id);
            let sessions = within_limit(ports, sessions).await?;
            Ok(Change::Write(SessionList::next(list.as_ref(), sessions), ()))
        }
        .boxed()
    });
    Ok(!matches!(added.await?, Insisted::Busy))
}

/// The ids without those that have ended, where there are too many; and if there still are, without some whose sessions are
/// ended here: under the list's claim, so that no session is on no list. Those of which a program has not used the code go
/// first, so that nobody is signed out because a program asks again and again, and then the oldest; the newest never goes.
async fn within_limit(ports: &Ports, sessions: Vec<String>) -> Result<Vec<String>, KvError> {
    if sessions.len() <= SESSIONS_MAX {
        return Ok(sessions);
    }
    let found = try_join_all(sessions.iter().map(|id| session::find(ports, id))).await?;
    let mut left: Vec<Session> = found.into_iter().flatten().collect();
    let surplus = left.len().saturating_sub(SESSIONS_MAX);
    let newest = left.pop();
    // Stable: the oldest stay first.
    let mut by_worth: Vec<&Session> = left.iter().collect();
    by_worth.sort_by_key(|session| !session.is_awaited());
    let ended: Vec<String> = by_worth
        .into_iter()
        .take(surplus)
        .map(|session| session.id.clone())
        .collect();
    if !ended.is_empty() {
        revocation::add(ports, &ended).await?;
    }
    for id in &ended {
        ending::remove(ports, id).await?;
    }
    let left = left.into_iter().chain(newest).map(|session| session.id);
    Ok(left.filter(|id| !ended.contains(id)).collect())
}

/// Takes sessions that have ended off the list. Where that does not come about, their ids say nothing, and go when the list
/// is full.
///
/// # Errors
/// Those of the store.
pub async fn strike(ports: &Ports, user_id: &UserId, ended: &[String]) -> Result<(), KvError> {
    let key = key(user_id);
    let struck = insist(ports, &key, |list: Option<SessionList>| {
        let ended = ended.to_vec();
        async move {
            let Some(list) = list else { return Ok(Change::Leave(())) };
            let left: Vec<String> = list.sessions.iter().filter(|id| !ended.contains(id)).cloned().collect();
            if left.len() == list.sessions.len() {
                return Ok(Change::Leave(()));
            }
            Ok(Change::Write(SessionList::next(Some(&list), left), ()))
        }
        .boxed()
    });
    struck.await.map(drop)
}

/// Removes the list of a user who is gone. Says whether it did; not, where others change it all the time.
///
/// # Errors
/// Those of the store.
pub async fn remove(ports: &Ports, user_id: &UserId) -> Result<bool, KvError> {
    let key = key(user_id);
    let removed = insist(ports, &key, |list: Option<SessionList>| {
        let change = list.map_or(Change::Leave(()), |_| Change::Delete(()));
        async move { Ok(change) }.boxed()
    });
    Ok(!matches!(removed.await?, Insisted::Busy))
}
