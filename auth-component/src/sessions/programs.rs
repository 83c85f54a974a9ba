//! Sessions of programs: a person allows one, the program begins it by a code, and the person ends all that it has.
//!
//! A session is on its user's list before its code is handed out. So whatever ends sessions, such as another password or the end
//! of the program's connection, ends those as well whose codes are on their way.

use common::{
    store::{kv::KvError, record::Versioned},
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use futures::future::try_join_all;

use super::{end, list, remove};
use crate::{
    due,
    records::{
        authorization_code::AuthorizationCode,
        client::{self, Noted, Program},
        program_scope::ProgramScope,
        revocation,
        session::{
            self, Beginning, Error, Session, ending,
            grant::{self, Binding, Redeemed, Shown},
        },
        session_list,
        user::{self, User},
    },
};

/// The most sessions that a program has with one user. One that needs more has lost its tokens again and again.
const SESSIONS_MAX: usize = 5;

/// What a person allows a program.
pub struct Allowed {
    /// The program's id.
    pub client_id: String,
    /// What the person was shown of it.
    pub program: Program,
    /// What it may do.
    pub scope: ProgramScope,
    /// What the code is bound to.
    pub binding: Binding,
}

/// Makes the code for which a program gets what this user allows it; `None` where there is no such program any more.
///
/// # Errors
/// [`Error::Busy`] when a record can't be changed; those of the store and of randomness. Nothing is then allowed.
pub async fn allow(
    ports: &Ports,
    (id, user): (&UserId, &User),
    allowed: Allowed,
) -> Result<Option<AuthorizationCode>, Error> {
    match client::note_use(ports, &allowed.client_id).await? {
        Noted::Done => {}
        Noted::Gone => return Ok(None),
        Noted::Busy => return Err(Error::Busy),
    }
    let session_id = ports.random.token::<16>()?;
    // Before it is there, so that none stays for ever.
    due::enlist_session(ports, &session_id, grant::awaited_until(ports.clock.now())).await?;
    let beginning = Beginning {
        id: session_id,
        user_id: id.clone(),
        username: user.username.clone(),
        user_version: user.version(),
        tells_notices: false,
        client_id: &allowed.client_id,
        user_agent: None,
    };
    let granted = (allowed.program, allowed.scope);
    let (session, code) = grant::create(ports, beginning, granted, allowed.binding).await?;
    if !session_list::add(ports, id, &session.id).await? {
        remove(ports, &session).await?;
        return Err(Error::Busy);
    }
    Ok(Some(code))
}

/// Begins the session of a code. Where the program has too many sessions with the user, its oldest ones end.
///
/// A code that was used before ends the session that it began.
///
/// # Errors
/// Those of [`grant::redeem`]. What was ended since the code was made is not begun.
pub async fn begin(
    ports: &Ports,
    code: &AuthorizationCode,
    shown: Shown<'_>,
    user_agent: Option<&str>,
) -> Result<Redeemed, Error> {
    let redeemed = grant::redeem(ports, code, shown, user_agent).await?;
    match &redeemed {
        Redeemed::Reused(session) => end(ports, session).await?,
        Redeemed::Begun(session, _) => {
            let user = user::read(ports, &session.user_id).await?;
            let Some(user) = user.filter(|user| user.admits(session)) else {
                remove(ports, session).await?;
                return Err(Error::Ended);
            };
            let theirs = list(ports, &session.user_id, &user).await?.into_iter();
            let theirs = theirs.filter(|other| other.client_id == session.client_id && other.id != session.id);
            for surplus in theirs.skip(SESSIONS_MAX - 1) {
                end(ports, &surplus).await?;
            }
        }
    }
    Ok(redeemed)
}

/// A program that somebody has allowed something.
pub struct Connection {
    /// The program's id.
    pub client_id: String,
    /// The program, as the person was shown it the last time.
    pub program: Program,
    /// What it may do, by one session or another.
    pub scope: ProgramScope,
    /// Since when.
    pub connected_at: Timestamp,
    /// When one of its sessions last began or went on.
    pub last_used_at: Timestamp,
}

/// The programs that a user has allowed something, the latest first.
///
/// # Errors
/// Those of the store.
pub async fn connections(ports: &Ports, user_id: &UserId, user: &User) -> Result<Vec<Connection>, KvError> {
    let mut connections: Vec<Connection> = Vec::new();
    for session in list(ports, user_id, user).await? {
        let (connected_at, last_used_at) = (session.created_at(), session.last_used_at());
        let Some(grant) = session.grant else { continue };
        let mut known = connections.iter_mut();
        if let Some(known) = known.find(|known| known.client_id == session.client_id) {
            known.scope = known.scope.or(&grant.scope);
            known.connected_at = known.connected_at.min(connected_at);
            known.last_used_at = known.last_used_at.max(last_used_at);
            continue;
        }
        connections.push(Connection {
            client_id: session.client_id,
            program: grant.program,
            scope: grant.scope,
            connected_at,
            last_used_at,
        });
    }
    Ok(connections)
}

/// Ends all sessions that a program has with a user, also those whose codes are on their way. Tells which.
///
/// # Errors
/// Those of the store. Some sessions may then have ended; it can be done again.
pub async fn disconnect(ports: &Ports, user_id: &UserId, client_id: &str) -> Result<Vec<String>, KvError> {
    let listed = session_list::read(ports, user_id).await?;
    let sessions = try_join_all(listed.iter().map(|id| session::find(ports, id))).await?;
    let is_theirs =
        |session: &Session| session.user_id == *user_id && session.client_id == client_id && session.grant.is_some();
    let sessions = sessions.into_iter().flatten().filter(is_theirs);
    let ended: Vec<String> = sessions.map(|session| session.id).collect();
    if ended.is_empty() {
        return Ok(ended);
    }
    revocation::add(ports, &ended).await?;
    for id in &ended {
        ending::remove(ports, id).await?;
    }
    session_list::strike(ports, user_id, &ended).await?;
    Ok(ended)
}
