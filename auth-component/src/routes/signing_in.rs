//! What the two ways in, [`session`](super::session) and [`token`](super::token), have in common: sessions that begin and go on,
//! and what the log says of that.

use super::{client::Client, proof::log_wrong_code};
use common::token::UserId;

use crate::{
    App, deletion,
    records::{
        refresh_token::RefreshToken,
        session::{self, Session},
        user::Notice,
    },
    security_event::{Event, Outcome},
    sessions::{self, GoneOn, Place},
    sign_in::{
        self, Credentials, authenticate,
        throttle::{self, Action, Throttled},
    },
};

/// Begins a session for credentials. Tells it, its first refresh token, and what the user should know.
///
/// # Errors
/// Those of [`authenticate`]. A password that was changed while it was checked is a wrong one.
pub async fn begin_by_password(
    app: &App,
    client: &Client,
    place: Place<'_>,
    credentials: Credentials,
) -> Result<(Session, RefreshToken, Vec<Notice>), sign_in::Error> {
    let begun = async {
        let who = authenticate(&app.ports, &app.hasher, credentials, client.network()).await?;
        let begun = sessions::begin(&app.ports, &who, place).await;
        let (session, token) = begun.map_err(|error| match error {
            session::Error::Ended => sign_in::Error::WrongCredentials(Some(who.id.clone())),
            error => sign_in::Error::Session(error),
        })?;
        Ok((session, token, who.user.notices))
    };
    let begun = begun.await;
    let (outcome, user_id, session_id) = match &begun {
        Ok((session, ..)) => (Outcome::Success, Some(&session.user_id), Some(session.id.as_str())),
        Err(sign_in::Error::Throttled(Throttled::TooMany { .. })) => (Outcome::Throttled, None, None),
        Err(sign_in::Error::CodeMissing(user)) => (Outcome::Incomplete, Some(user), None),
        Err(sign_in::Error::WrongCode(user)) => {
            log_wrong_code(app, client, user, None);
            (Outcome::Failure, Some(user), None)
        }
        Err(sign_in::Error::BeingDeleted(user)) => {
            go_on_with_deletion(app, client, user).await;
            (Outcome::Failure, Some(user), None)
        }
        Err(sign_in::Error::WrongCredentials(user)) => (Outcome::Failure, user.as_ref(), None),
        // A fault of ours is in the line of the request.
        Err(_) => return begun,
    };
    let mut event = client.event(Event::SignIn, outcome);
    (event.user_id, event.session_id) = (user_id, session_id);
    event.log(&app.ports);
    begun
}

/// Goes on with a deletion that did not come to its end: somebody who knows the password is there, as when it began.
async fn go_on_with_deletion(app: &App, client: &Client, user_id: &UserId) {
    let finished = deletion::finish(&app.ports, &app.memos, user_id, deletion::STEPS, &client.request_id).await;
    if let Err(error) = finished {
        app.ports.warn("the deletion of an account goes on later", error);
    }
}

/// Goes on with the session of a refresh token. Tells it, and the next token where there is one.
///
/// # Errors
/// Those of [`sessions::go_on`]. A token that was used again is no longer good. Too many tokens of a network that are nobody's
/// put off the next one, before anything of a session is read.
pub async fn go_on(
    app: &App,
    client: &Client,
    token: &RefreshToken,
) -> Result<(Session, Option<RefreshToken>), sign_in::Error> {
    let checked = throttle::check(&app.ports, Action::Refresh, client.network()).await;
    if let Err(Throttled::TooMany { .. }) = &checked {
        client.event(Event::Refresh, Outcome::Throttled).log(&app.ports);
    }
    checked?;
    match sessions::go_on(&app.ports, token).await {
        Ok(GoneOn::Session(session, next)) => Ok((*session, next)),
        Ok(GoneOn::Reused(session)) => {
            let mut event = client.event(Event::RefreshTokenReuse, Outcome::Failure);
            (event.user_id, event.session_id) = (Some(&session.user_id), Some(session.id.as_str()));
            event.log(&app.ports);
            Err(sign_in::Error::Session(session::Error::Ended))
        }
        Err(error) => {
            if matches!(error, session::Error::Ended) {
                throttle::count_failure(&app.ports, Action::Refresh, client.network()).await;
            }
            Err(sign_in::Error::Session(error))
        }
    }
}
