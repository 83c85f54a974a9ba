//! Users in the store.
//!
//! A user is two records: `auth/user/{id}` holds everything, `auth/name/{username}` points to it ([`name`]). The first is written
//! before the second, whose creation under a claim is what makes the user exist: of two registrations of a name one
//! wins, and what a crash in between leaves is a record that nothing points to.

mod deletion;
pub mod name;
pub mod passkeys;
mod personal_tokens;
pub mod second_factor;

use std::time::Duration;

use common::{
    http::{problem::Problem, problems},
    store::{
        kv::KvError,
        record::{Change, Versioned, update},
    },
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{
    insist::{Insisted, insist},
    passkey::Passkey,
    personal_token::PersonalToken,
    recovery_code::RecoveryCodeHash,
    session::Session,
    totp::Totp,
    username::Username,
};
pub use deletion::remove;
use name::Given;

/// `auth/user/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// When the user last changed the password; never, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_changed_at: Option<Timestamp>,
    /// The version of this record from which on sessions are good: one whose password was checked against an earlier version
    /// has ended. A version and not a time, because clocks differ and versions don't.
    #[serde(default)]
    sessions_valid_from: u64,
    /// The session that is good all the same: it asked for the end of all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_session: Option<String>,
    /// What the next sign-in tells, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// The second factor, also one that is not active yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<Totp>,
    /// What is kept of the recovery codes that are left. Who registered before there were any has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<RecoveryCodeHash>,
    /// Since when the account is being deleted ([`deletion`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    /// Passkeys, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    passkeys: Vec<Passkey>,
    /// Whether a passkey is asked for after the password, also where there is no app that makes codes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    asks_for_passkey: bool,
    /// Personal tokens, oldest first, also such as have expired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    personal_tokens: Vec<PersonalToken>,
}

/// The most notices that are kept for the next sign-in; older ones say no more than newer ones.
const NOTICES_MAX: usize = 8;

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
    /// The version of the user's record that first had the notice.
    version: u64,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// A refresh token was used again long after it was replaced: somebody else had it, and its session was ended.
    RefreshTokenReused,
}

impl User {
    /// Whether a session of this user is still good, as far as the user's record says.
    pub fn admits(&self, session: &Session) -> bool {
        !self.is_being_deleted() && (self.admits_since(session.user_version) || self.keeps_session(&session.id))
    }

    /// Whether this is the session that asked for the end of all others.
    pub fn keeps_session(&self, session_id: &str) -> bool {
        self.kept_session.as_deref() == Some(session_id)
    }

    /// Whether a password that was checked against a version of this record still opens sessions.
    pub fn admits_since(&self, version: u64) -> bool {
        version >= self.sessions_valid_from
    }

    /// This user with another password. Sessions from before it have to end by the same change.
    #[must_use]
    pub fn with_password_hash(self, hash: String, now: Timestamp) -> Self {
        Self {
            password_hash: hash,
            password_changed_at: Some(now),
            ..self
        }
    }

    /// The next version of this user, for whom all sessions but this one have ended, or all.
    #[must_use]
    pub fn without_sessions_but(self, kept: Option<&str>) -> Self {
        let version = self.version.saturating_add(1);
        Self {
            version,
            sessions_valid_from: version,
            kept_session: kept.map(str::to_owned),
            ..self
        }
    }

    /// The next version of this user, who is to be told something.
    #[must_use]
    pub fn with_notice(mut self, kind: NoticeKind, at: Timestamp) -> Self {
        self.version = self.version.saturating_add(1);
        let version = self.version;
        self.notices.push(Notice { kind, at, version });
        let surplus = self.notices.len().saturating_sub(NOTICES_MAX);
        self.notices.drain(..surplus);
        self
    }

    /// The next version of this user, without the notices that were told up to a version; `None` where there are none of
    /// those.
    pub fn without_notices(&self, told: u64) -> Option<Self> {
        let is_new = |notice: &&Notice| notice.version > told;
        let notices: Vec<Notice> = self.notices.iter().filter(is_new).cloned().collect();
        (notices.len() < self.notices.len()).then(|| Self {
            version: self.version.saturating_add(1),
            notices,
            ..self.clone()
        })
    }
}

fn first_version() -> u64 {
    1
}

impl Versioned for User {
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

/// Registers a user.
///
/// # Errors
/// When the name is taken; those of the store, after which the user may exist or not.
pub async fn register(
    ports: &Ports,
    username: Username,
    password_hash: String,
    recovery_codes: Vec<RecoveryCodeHash>,
) -> Result<(UserId, User), Error> {
    let id = UserId::random(&*ports.random)?;
    let name = username.clone();
    let user = User {
        version: 1,
        username,
        password_hash,
        created_at: ports.clock.now(),
        password_changed_at: None,
        sessions_valid_from: 0,
        kept_session: None,
        notices: Vec::new(),
        totp: None,
        recovery_codes,
        deleted_at: None,
        passkeys: Vec::new(),
        asks_for_passkey: false,
        personal_tokens: Vec::new(),
    };
    // Nobody else can have this id, so nobody else can be writing this record.
    ports.kv.set_json(&user_key(id.as_str()), &user).await?;
    let refusal = match name::give(ports, &name, &id).await? {
        Given::Done => return Ok((id, user)),
        Given::Taken => Error::Taken,
        Given::Busy => Error::Busy,
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
    let owner = name::owner(ports, username).await?;
    // No id has a dot.
    let id = owner.as_ref().map_or("no.body", UserId::as_str);
    let user: Option<User> = ports.kv.get_json(&user_key(id)).await?;
    Ok(owner.zip(user))
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

/// Changes the user, whatever else becomes of the record meanwhile. `change` sees the user as it is, under the claim, and may
/// write what has to be there before; it says why nothing is to be changed, also where there is no such user.
///
/// # Errors
/// Those of the store and of `change`.
pub async fn change<'a, E: Send>(
    ports: &'a Ports,
    id: &UserId,
    mut change: impl FnMut(Option<User>) -> BoxFuture<'a, Result<Change<User, User, E>, KvError>> + Send,
) -> Result<Insisted<User, E>, KvError> {
    // Not one copy of all that follows for each kind of change.
    let change: &mut (dyn FnMut(_) -> _ + Send) = &mut change;
    insist(ports, &user_key(id.as_str()), change).await
}
