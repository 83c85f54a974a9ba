//! The end of all sessions of a user, or of all but the one that asks.

use std::time::Duration;

use common::{
    http::problem::Problem,
    store::{kv::KvError, record::Change},
    token::{TokenError, UserId},
    world::Ports,
};
use futures::{FutureExt, future::try_join_all};

use crate::records::{
    insist::Insisted,
    revocation,
    session::{self, Session, ending},
    session_list,
    user::{self, User},
};

/// Why not all other sessions were ended.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The session that asks was itself ended meanwhile.
    #[error("the session that asks has ended")]
    Ended,
    /// Somebody else is changing the user, or has changed what the change was about, or has died over it.
    #[error("the user is being changed")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Ended => TokenError::Ended.into(),
            ChangeError::Busy => Self::conflict(
                "The account is being changed by another request. Try again in a minute.",
                Duration::from_secs(60),
            ),
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// Ends all sessions of a user, but for the one to be kept if there is one, by one change of the user's record, which may
/// change more: `change` sees the user as it is, and makes of it what the record should say besides, or gives up.
///
/// The sessions that are listed are noted as ended before that change, and those that were listed meanwhile after it.
///
/// # Errors
/// [`ChangeError`]; after one of the store, the sessions may have ended or not.
pub async fn end(
    ports: &Ports,
    user_id: &UserId,
    kept: Option<&Session>,
    change: impl Fn(User) -> Option<User> + Sync,
) -> Result<Vec<String>, ChangeError> {
    let kept_id = kept.map(|session| session.id.as_str());
    let is_other = |id: &String| Some(id.as_str()) != kept_id;
    let listed = session_list::read(ports, user_id).await?;
    let mut ended: Vec<String> = listed.into_iter().filter(is_other).collect();
    let changed = user::change(ports, user_id, |user| {
        // Who was ended by another such change since the token was looked at must not come back by this one.
        let is_good = user
            .as_ref()
            .is_some_and(|user| kept.is_none_or(|kept| user.admits(kept)));
        let changed = user.filter(|_| is_good).and_then(&change);
        let ended = ended.clone();
        async move {
            let Some(changed) = changed else {
                return Ok(Change::Leave(if is_good {
                    ChangeError::Busy
                } else {
                    ChangeError::Ended
                }));
            };
            let next = changed.without_sessions_but(kept_id);
            if !ended.is_empty() {
                revocation::add(ports, &ended).await?;
            }
            Ok(Change::Write(next.clone(), next))
        }
        .boxed()
    });
    let user = match changed.await? {
        Insisted::Done(user) => user,
        Insisted::Left(reason) => return Err(reason),
        Insisted::Busy => return Err(ChangeError::Busy),
    };
    let late = begun_meanwhile(ports, user_id, &user, &ended).await?;
    if !late.is_empty() {
        revocation::add(ports, &late).await?;
    }
    ended.extend(late);
    tidy(ports, user_id, &ended).await;
    Ok(ended)
}

/// The sessions that were listed after the list was first read, and that the user's record no longer admits. One whose record
/// is gone may have been removed for that very reason, by its own refresh.
async fn begun_meanwhile(
    ports: &Ports,
    user_id: &UserId,
    user: &User,
    known: &[String],
) -> Result<Vec<String>, KvError> {
    let mut late = session_list::read(ports, user_id).await?;
    late.retain(|id| !known.contains(id) && !user.keeps_session(id));
    let sessions = try_join_all(late.iter().map(|id| session::find(ports, id))).await?;
    let is_over = |session: &Option<Session>| session.as_ref().is_none_or(|session| !user.admits(session));
    let mut are_over = sessions.iter().map(is_over);
    late.retain(|_| are_over.next() == Some(true));
    Ok(late)
}

/// Removes what is left of sessions that the user's record no longer admits.
async fn tidy(ports: &Ports, user_id: &UserId, ended: &[String]) {
    let (ports, user_id, ended) = (ports.clone(), user_id.clone(), ended.to_vec());
    let afterwards = ports.afterwards;
    let tidying = async move {
        let tidied = async {
            for id in &ended {
                ending::remove(&ports, id).await?;
            }
            session_list::strike(&ports, &user_id, &ended).await
        };
        if let Err(error) = tidied.await {
            ports.warn("what is left of ended sessions stays", error);
        }
    };
    afterwards(tidying.boxed()).await;
}
