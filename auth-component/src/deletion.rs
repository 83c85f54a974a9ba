//! The deletion of an account: steps that anybody can go on with who comes by, whatever stopped the one before.
//!
//! 1. An entry among what is due says that the account may have to be deleted tomorrow ([`crate::due`]).
//! 2. The user's record says that the account is being deleted, which ends all sessions by the same change. From then on there is
//!    no way back: nobody signs in, recovers the account or goes on with a session.
//! 3. The memo service removes everything that the person has ([`crate::memo_service`]).
//! 4. The name is nobody's, for 30 days.
//! 5. What is left of the sessions goes.
//! 6. The user's record goes, which is what all of this is read from. So it is the last.
//!
//! Each step may be done twice. The one who asked goes on by asking again; so does whoever signs in with the right password; and
//! tomorrow whoever goes through what is due. The entry of the first step is also for sign-ins that were under way: what they
//! left is removed tomorrow.

use common::{http::problem::Problem, store::kv::KvError, token::UserId, world::Ports};
use http::HeaderMap;

use crate::{
    due::{self, Due},
    memo_service::{EraseError, Memos},
    records::{
        revocation,
        session::{Session, ending},
        session_list,
        user::{
            self, User,
            name::{self, Settled},
        },
    },
    sessions::others::{self, ChangeError},
};

/// How many steps of the memo service one request waits for. Each removes 500 memos.
pub const STEPS: usize = 40;

/// Why a deletion has not come to its end. It is not undone, and can be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are memos left.
    #[error(transparent)]
    Memos(#[from] EraseError),
    /// Others change a record all the time, or died over it.
    #[error("a record of the account is being changed")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            error => Self::unavailable(error),
        }
    }
}

/// Begins the deletion of an account, because this session asked for it. Tells which sessions that ended; the one that asks may
/// still ask again. `seen` is the user as it was proven that it is them.
///
/// # Errors
/// Those of [`others::end`]; after one of the store, it may have begun or not.
pub async fn begin(ports: &Ports, id: &UserId, seen: &User, asking: &Session) -> Result<Vec<String>, ChangeError> {
    let now = ports.clock.now();
    let due = Due::Account { user: id.clone() };
    due::enlist(ports, now.day().saturating_add(1), &due).await?;
    others::end(ports, id, Some(asking), |user| {
        // What was proven may have been changed since: the password, or the second factor.
        let is_proven = user.password_hash == seen.password_hash && user.totp.is_some() == seen.totp.is_some();
        is_proven.then(|| user.being_deleted(now))
    })
    .await
}

/// Goes on with the deletion of an account until it is gone, in so many steps of the memo service at most. Where the account is
/// not being deleted, nothing is done. `context` are the headers that tie it to the request that caused it.
///
/// # Errors
/// [`Error`].
pub async fn finish(ports: &Ports, memos: &Memos, id: &UserId, steps: usize, context: &HeaderMap) -> Result<(), Error> {
    let Some(user) = user::read(ports, id).await? else {
        return remove_sessions(ports, id).await;
    };
    if !user.is_being_deleted() {
        return Ok(());
    }
    memos.erase(ports, id, steps, context).await?;
    withdraw_name(ports, id, &user).await?;
    remove_sessions(ports, id).await?;
    if user::remove(ports, id).await? {
        Ok(())
    } else {
        Err(Error::Busy)
    }
}

async fn withdraw_name(ports: &Ports, id: &UserId, user: &User) -> Result<(), Error> {
    let name = &user.username;
    let due = Due::Name { username: name.clone() };
    // Before, so that no name is nobody's for ever.
    due::enlist(ports, (ports.clock.now() + name::KEPT).day().saturating_add(1), &due).await?;
    match name::withdraw(ports, name, id).await? {
        Settled::Done => Ok(()),
        Settled::Busy => Err(Error::Busy),
    }
}

/// Removes what is left of the sessions, which have ended. The one that asked is told to others only now.
async fn remove_sessions(ports: &Ports, id: &UserId) -> Result<(), Error> {
    let listed = session_list::read(ports, id).await?;
    if !listed.is_empty() {
        revocation::add(ports, &listed).await?;
    }
    for session in &listed {
        ending::remove(ports, session).await?;
    }
    if session_list::remove(ports, id).await? {
        Ok(())
    } else {
        Err(Error::Busy)
    }
}
