//! Sessions in the store: who signed in where, and what their refresh tokens are checked against.
//!
//! Read in this order: this file (the record), [`chain`] (refresh tokens), [`grant`] (sessions of programs, which begin by a
//! code), [`ending`] (how a session ends for good).

pub mod chain;
pub mod ending;
pub mod grant;

use std::time::Duration;

use common::{
    http::problem::Problem,
    store::{kv::KvError, record::Versioned},
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use super::{refresh_token::RefreshToken, username::Username};
use crate::bytes32::Bytes32;
use grant::Grant;

/// How long a session lasts after its last refresh.
pub const TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a session lasts at most, however often it is refreshed.
pub const LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The most bytes of a client's description of itself that are kept.
const USER_AGENT_MAX_BYTES: usize = 200;

/// A session as it is stored, at `auth/session/{id}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its id: the part of a refresh token that is no secret, and `sid` of the access tokens.
    pub id: String,
    /// The id of the user who signed in.
    pub user_id: UserId,
    /// The name of the user who signed in.
    pub username: Username,
    /// The client that the user signed in with.
    pub client_id: String,
    /// How that client describes itself: `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The version of the user's record that the password was checked against. The user's `sessions_valid_from` is held
    /// against it. 0 for sessions from before it was noted.
    #[serde(default)]
    pub user_version: u64,
    /// Up to which version of the user's record its notices were told by the sign-in; 0 for none.
    #[serde(default)]
    pub notices_told: u64,
    /// Whether it is on its user's list: every session is before its first token is handed out. Sessions from before there
    /// were lists get onto it by their next refresh.
    #[serde(default)]
    pub is_listed: bool,
    /// What its user allowed, where it is a program's. The site's sessions are good for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// The key of the chain of secrets.
    chain_key: Bytes32,
    /// SHA-256 of the current secret.
    refresh_hash: Bytes32,
    /// SHA-256 of the previous secret.
    previous_hash: Option<Bytes32>,
    /// When the previous secret was replaced.
    rotated_at: Timestamp,
    version: u64,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl Versioned for Session {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Session {
    /// When the user signed in.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When the session is over if it is not refreshed.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the session was last refreshed, or else begun.
    pub fn last_used_at(&self) -> Timestamp {
        self.rotated_at
    }
}

/// Why there is no session to go on with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The refresh token is none, or is no longer good.
    #[error("there is no session, or it has ended")]
    Ended,
    /// Somebody else is changing the user or the list of the user's sessions, or has died over it.
    #[error("the user's sessions are being changed")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// There is no randomness for a secret.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Ended => Self::unauthorized(None, "There is no session, or it has ended. Sign in."),
            Error::Busy => Self::unavailable(error),
            Error::Store(error) => error.into(),
            Error::Random(error) => error.into(),
        }
    }
}

fn key(session_id: &str) -> String {
    format!("auth/session/{session_id}")
}

/// Where it is noted that a session has ended, for refreshes that may still write it back.
fn ended_key(session_id: &str) -> String {
    format!("{}/ended", key(session_id))
}

/// Who begins a session, and where.
pub struct Beginning<'a> {
    /// The session's id, which nobody else has.
    pub id: String,
    /// The user's id.
    pub user_id: UserId,
    /// The user's name.
    pub username: Username,
    /// The version of the user's record that the password was checked against.
    pub user_version: u64,
    /// Whether the answer tells the user's notices.
    pub tells_notices: bool,
    /// The client.
    pub client_id: &'a str,
    /// How the client describes itself.
    pub user_agent: Option<&'a str>,
}

/// Writes the record of a new session. Nobody knows of it yet but its caller.
///
/// # Errors
/// Those of the store and of randomness.
pub async fn create(ports: &Ports, beginning: Beginning<'_>) -> Result<(Session, RefreshToken), Error> {
    let (session, secret) = new(ports, beginning)?;
    // Nobody else can have this id, so nobody else can be writing this record.
    ports.kv.set_json(&key(&session.id), &session).await?;
    let token = session.token(secret);
    Ok((session, token))
}

/// A new session and its first secret.
fn new(ports: &Ports, beginning: Beginning<'_>) -> Result<(Session, Bytes32), RandomError> {
    let now = ports.clock.now();
    let secret = Bytes32::random(ports)?;
    let session = Session {
        id: beginning.id,
        user_id: beginning.user_id,
        username: beginning.username,
        client_id: beginning.client_id.to_owned(),
        user_agent: beginning.user_agent.and_then(short),
        user_version: beginning.user_version,
        notices_told: if beginning.tells_notices {
            beginning.user_version
        } else {
            0
        },
        is_listed: true,
        grant: None,
        chain_key: Bytes32::random(ports)?,
        refresh_hash: chain::hash(&secret),
        previous_hash: None,
        rotated_at: now,
        version: 1,
        created_at: now,
        expires_at: now + TTL,
    };
    Ok((session, secret))
}

/// As much of a client's description of itself as is kept, without control characters.
fn short(user_agent: &str) -> Option<String> {
    let mut short = String::new();
    for character in user_agent.trim().chars().filter(|character| !character.is_control()) {
        if short.len() + character.len_utf8() > USER_AGENT_MAX_BYTES {
            break;
        }
        short.push(character);
    }
    (!short.is_empty()).then_some(short)
}

/// The session of that id, unless it was ended or has run out; what is left of one that was is removed. Two reads, at once.
///
/// # Errors
/// Those of the store.
pub async fn find(ports: &Ports, session_id: &str) -> Result<Option<Session>, KvError> {
    let (key, ended_key) = (key(session_id), ended_key(session_id));
    let (session, is_ended) = try_join(ports.kv.get_json::<Session>(&key), ports.kv.exists(&ended_key)).await?;
    match session {
        Some(session) if is_ended || ports.clock.now() >= session.expires_at => {
            ports.kv.delete(&key).await?;
            Ok(None)
        }
        session => Ok(session),
    }
}

/// Removes what is left of a session that was ended or has run out long ago; otherwise tells it.
///
/// # Errors
/// Those of the store.
pub async fn forget(ports: &Ports, session_id: &str) -> Result<Option<Session>, KvError> {
    let found = find(ports, session_id).await?;
    if found.is_none() {
        ports.kv.delete(&ended_key(session_id)).await?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_describes_itself_in_200_bytes_without_control_characters() {
        assert_eq!(short("Mozilla/5.0 (X11)").as_deref(), Some("Mozilla/5.0 (X11)"));
        assert_eq!(short(" a\tb\u{85}c\u{1b}[31m ").as_deref(), Some("abc[31m"));
        assert_eq!(short(&"가".repeat(100)).map(|kept| kept.len()), Some(198));
        assert_eq!(short("\u{1}"), None);
        assert_eq!(short(""), None);
    }
}
