//! Users in the store.
//!
//! A user is two records: `auth/user/{id}` holds everything, `auth/name/{username}` points to it. The first is written
//! before the second, whose creation under a claim is what makes the user exist: of two registrations of a name one
//! wins, and what a crash in between leaves is a record that nothing points to.

use std::time::Duration;

use common::{
    http::{problem::Problem, problems},
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};
use serde::{Deserialize, Serialize};

use super::username::Username;

/// `auth/user/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Counts the record's changes. Records that were written before there were versions are at their first one.
    #[serde(default = "first_version")]
    version: u64,
    /// The user's name.
    pub username: Username,
    /// The password's hash, as a PHC string.
    pub password_hash: String,
    /// When the user registered.
    pub created_at: Timestamp,
}

fn first_version() -> u64 {
    1
}

impl Versioned for User {
    fn version(&self) -> u64 {
        self.version
    }
}

/// `auth/name/{username}`. It never changes.
#[derive(Debug, Serialize, Deserialize)]
struct Name {
    #[serde(default = "first_version")]
    version: u64,
    user_id: UserId,
}

impl Versioned for Name {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Why somebody could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name belongs to somebody.
    #[error("the name is taken")]
    Taken,
    /// Somebody else is registering the name at this moment.
    #[error("the name is being registered")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// There is no randomness for an id.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Taken => Self::new(&problems::USERNAME_TAKEN, "Somebody has this name; choose another."),
            Error::Busy => Self::conflict(
                "Somebody is registering this name at this moment. Try again in a minute.",
                Duration::from_secs(60),
            ),
            Error::Store(error) => error.into(),
            Error::Random(error) => error.into(),
        }
    }
}

fn user_key(id: &str) -> String {
    format!("auth/user/{id}")
}

fn name_key(username: &Username) -> String {
    format!("auth/name/{}", username.as_str())
}

/// Whether somebody has the name. One read.
///
/// # Errors
/// Those of the store.
pub async fn is_taken(ports: &Ports, username: &Username) -> Result<bool, KvError> {
    ports.kv.exists(&name_key(username)).await
}

/// Registers a user.
///
/// # Errors
/// When the name is taken; those of the store, after which the user may exist or not.
pub async fn register(ports: &Ports, username: Username, password_hash: String) -> Result<(UserId, User), Error> {
    let id = UserId::random(&*ports.random)?;
    let name_key = name_key(&username);
    let user = User {
        version: 1,
        username,
        password_hash,
        created_at: ports.clock.now(),
    };
    // Nobody else can have this id, so nobody else can be writing this record.
    ports.kv.set_json(&user_key(id.as_str()), &user).await?;
    let name = Name {
        version: 1,
        user_id: id.clone(),
    };
    let registered = update(ports, &name_key, 0, |_: Option<Name>| {
        Change::<_, (), ()>::Write(name, ())
    });
    let refusal = match registered.await? {
        Updated::Done(()) => return Ok((id, user)),
        Updated::Left(()) | Updated::Stale(_) => Error::Taken,
        Updated::Busy => Error::Busy,
    };
    // Nothing points to the record; leaving it would do no harm either.
    let _ = ports.kv.delete(&user_key(id.as_str())).await;
    Err(refusal)
}

/// Finds the user of that name. Two reads, also where there is none, so that the time does not tell whose name is
/// taken.
///
/// # Errors
/// Those of the store.
pub async fn find(ports: &Ports, username: &Username) -> Result<Option<(UserId, User)>, KvError> {
    let name: Option<Name> = ports.kv.get_json(&name_key(username)).await?;
    // No id has a dot.
    let id = name.as_ref().map_or("no.body", |name| name.user_id.as_str());
    let user: Option<User> = ports.kv.get_json(&user_key(id)).await?;
    Ok(name.map(|name| name.user_id).zip(user))
}

/// Reads the user of that id. One read.
///
/// # Errors
/// Those of the store.
pub async fn read(ports: &Ports, id: &UserId) -> Result<Option<User>, KvError> {
    ports.kv.get_json(&user_key(id.as_str())).await
}

/// Replaces the hash of the password, if the record is still the one that was read. When somebody else has changed the
/// user meanwhile, theirs stays.
///
/// # Errors
/// Those of the store; the hash may then have been replaced or not.
pub async fn replace_password_hash(ports: &Ports, id: &UserId, seen: User, hash: String) -> Result<(), KvError> {
    let (key, version) = (user_key(id.as_str()), seen.version);
    let replaced = update(ports, &key, version, |current: Option<User>| {
        let user = User {
            version: version.saturating_add(1),
            password_hash: hash,
            ..current.unwrap_or(seen)
        };
        Change::<_, (), ()>::Write(user, ())
    });
    replaced.await.map(drop)
}
