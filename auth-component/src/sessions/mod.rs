//! What becomes of sessions: how they begin, go on, and end before their time. All of a user's sessions but one end together
//! in [`others`]; what programs have of their own is in [`programs`].
//!
//! A session is good while three things say so: its own record, the user's record (which may have ended all sessions from
//! before a change), and the time. Whoever ends one first notes its end for those who check access tokens
//! ([`revocation`]); who stops in between has ended nothing and may do it again.

pub mod others;
pub mod programs;

use common::{
    store::{
        kv::KvError,
        record::{Change, Versioned},
    },
    token::UserId,
    world::Ports,
};
use futures::{
    FutureExt,
    future::{try_join, try_join_all},
};

use crate::{
    due,
    records::{
        insist::Insisted,
        refresh_token::RefreshToken,
        revocation,
        session::{
            self, Beginning, Error, Session,
            chain::{self, Refreshed, Standing},
            ending,
        },
        session_list,
        user::{self, NoticeKind, User},
    },
    sign_in::AuthenticatedUser,
};

/// Where somebody signs in.
pub struct Place<'a> {
    /// The client's name for itself.
    pub client_id: &'a str,
    /// Its description of itself.
    pub user_agent: Option<&'a str>,
    /// Whether the answer tells the user's notices.
    pub tells_notices: bool,
}

/// Begins a session of a user whose password was right.
///
/// The user's record is read again after the session is listed. Whoever ends all sessions writes that record before reading
/// the list; so either this sees that the password it checked is no longer the one, or they see this session.
///
/// # Errors
/// [`Error::Ended`] when all sessions of the user were ended since the password was checked; [`Error::Busy`] when the list
/// can't be had; those of the store and of randomness.
pub async fn begin(ports: &Ports, who: &AuthenticatedUser, place: Place<'_>) -> Result<(Session, RefreshToken), Error> {
    let AuthenticatedUser { id, user } = who;
    let session_id = ports.random.token::<16>()?;
    // Before it is there, so that none stays for ever.
    due::enlist_session(ports, &session_id, ports.clock.now() + session::TTL).await?;
    let beginning = Beginning {
        id: session_id,
        user_id: id.clone(),
        username: user.username.clone(),
        user_version: user.version(),
        tells_notices: place.tells_notices,
        client_id: place.client_id,
        user_agent: place.user_agent,
    };
    let (session, token) = session::create(ports, beginning).await?;
    if !session_list::add(ports, id, &session.id).await? {
        remove(ports, &session).await?;
        return Err(Error::Busy);
    }
    if !is_admitted(ports, &session).await? {
        remove(ports, &session).await?;
        return Err(Error::Ended);
    }
    Ok((session, token))
}

async fn is_admitted(ports: &Ports, session: &Session) -> Result<bool, KvError> {
    let user = user::read(ports, &session.user_id).await?;
    Ok(user.is_some_and(|user| user.admits(session)))
}

/// What comes of a refresh token.
pub enum GoneOn {
    /// The session goes on. There is no new token where the one that was shown stays good.
    Session(Box<Session>, Option<RefreshToken>),
    /// The token was replaced long ago, so two parties had it. The session was ended, and its user will be told.
    Reused(Box<Session>),
}

/// Goes on with a session of this client.
///
/// # Errors
/// [`Error::Ended`] when the token is not good, or is another client's, or its session has ended; those of the store.
pub async fn go_on(ports: &Ports, token: &RefreshToken, client_id: &str) -> Result<GoneOn, Error> {
    let session = session::find(ports, token.session_id()).await?;
    let session = session.filter(|session| session.client_id == client_id);
    let mut session = session.ok_or(Error::Ended)?;
    let user = user::read(ports, &session.user_id).await?;
    let Some(user) = user.filter(|user| user.admits(&session)) else {
        ending::remove(ports, &session.id).await?;
        return Err(Error::Ended);
    };
    if !session.is_listed && !matches!(session.standing(token, ports.clock.now()), Standing::Unknown) {
        session.is_listed = is_listed_now(ports, &session).await?;
    }
    match chain::refresh(ports, session, token).await? {
        Refreshed::GoesOn(session, next) => {
            forget_notices(ports, &user, &session).await;
            Ok(GoneOn::Session(session, next))
        }
        Refreshed::Reused(session) => {
            leave_notice(ports, &session).await?;
            end(ports, &session).await?;
            Ok(GoneOn::Reused(session))
        }
    }
}

/// Whether the session is on its user's list, onto which it is put if need be. Sessions from before there were lists are
/// not, and go on all the same where the list can't be had.
async fn is_listed_now(ports: &Ports, session: &Session) -> Result<bool, KvError> {
    let listed = session_list::read(ports, &session.user_id).await?;
    Ok(listed.contains(&session.id) || session_list::add(ports, &session.user_id, &session.id).await?)
}

/// What the session's sign-in told has arrived, because the token came with the same answer. An answer that got lost is
/// never followed by a refresh, and what it told is told by the next sign-in.
async fn forget_notices(ports: &Ports, user: &User, session: &Session) {
    if user.without_notices(session.notices_told).is_none() {
        return;
    }
    let told = session.notices_told;
    let forgotten = user::change(ports, &session.user_id, |user| {
        let next = user.and_then(|user| user.without_notices(told));
        let change = next.map_or(Change::Leave(()), |next| Change::Write(next.clone(), next));
        async move { Ok(change) }.boxed()
    });
    if let Err(error) = forgotten.await {
        ports.warn("what a sign-in told is told again", error);
    }
}

/// Leaves a note for the user's next sign-in.
async fn leave_notice(ports: &Ports, session: &Session) -> Result<(), KvError> {
    let at = ports.clock.now();
    let left = user::change(ports, &session.user_id, |user| {
        let next = user.map(|user| user.with_notice(NoticeKind::RefreshTokenReused, at));
        let change = next.map_or(Change::Leave(()), |next| Change::Write(next.clone(), next));
        async move { Ok(change) }.boxed()
    });
    if matches!(left.await?, Insisted::Busy) {
        ports.warn(
            "a user is not told of a refresh token that was used again",
            "the record is being changed",
        );
    }
    Ok(())
}

/// Ends the session that the token belongs or once belonged to, and tells which it was.
///
/// # Errors
/// Those of the store.
pub async fn sign_out(ports: &Ports, token: &RefreshToken) -> Result<Option<Session>, KvError> {
    let session = of_token(ports, token).await?;
    if let Some(session) = &session {
        end(ports, session).await?;
    }
    Ok(session)
}

/// The session that the token belongs or once belonged to.
///
/// # Errors
/// Those of the store.
pub async fn of_token(ports: &Ports, token: &RefreshToken) -> Result<Option<Session>, KvError> {
    let session = session::find(ports, token.session_id()).await?;
    let is_theirs = |session: &Session| !matches!(session.standing(token, ports.clock.now()), Standing::Unknown);
    Ok(session.filter(is_theirs))
}

/// Ends a session for good.
///
/// # Errors
/// Those of the store.
pub async fn end(ports: &Ports, session: &Session) -> Result<(), KvError> {
    let ended = [session.id.clone()];
    revocation::add(ports, &ended).await?;
    remove(ports, session).await
}

/// Removes a session, and takes it off its user's list, for which nobody waits.
async fn remove(ports: &Ports, session: &Session) -> Result<(), KvError> {
    ending::remove(ports, &session.id).await?;
    let (ports, user_id, ended) = (ports.clone(), session.user_id.clone(), [session.id.clone()]);
    let afterwards = ports.afterwards;
    let striking = async move {
        if let Err(error) = session_list::strike(&ports, &user_id, &ended).await {
            ports.warn("a session that has ended stays on its user's list", error);
        }
    };
    afterwards(striking.boxed()).await;
    Ok(())
}

/// The session of that id, where it is this user's and good.
///
/// # Errors
/// Those of the store.
pub async fn find(ports: &Ports, user_id: &UserId, session_id: &str) -> Result<Option<(Session, User)>, KvError> {
    let found = find_leaving(ports, user_id, session_id).await?;
    Ok(found.filter(|(session, user)| user.admits(session)))
}

/// The same where it is good for nothing but to go on with the deletion of the account that it asked for.
///
/// # Errors
/// Those of the store.
pub async fn find_leaving(
    ports: &Ports,
    user_id: &UserId,
    session_id: &str,
) -> Result<Option<(Session, User)>, KvError> {
    let (session, user) = try_join(session::find(ports, session_id), user::read(ports, user_id)).await?;
    let found = session.zip(user);
    Ok(found.filter(|(session, user)| session.user_id == *user_id && user.admits_deletion(session)))
}

/// The sessions of a user, latest first. Those whose code was not used yet are none.
///
/// # Errors
/// Those of the store.
pub async fn list(ports: &Ports, user_id: &UserId, user: &User) -> Result<Vec<Session>, KvError> {
    let listed = session_list::read(ports, user_id).await?;
    let sessions = try_join_all(listed.iter().rev().map(|id| session::find(ports, id))).await?;
    let is_good = |session: &Session| session.user_id == *user_id && user.admits(session) && !session.is_awaited();
    Ok(sessions.into_iter().flatten().filter(is_good).collect())
}
