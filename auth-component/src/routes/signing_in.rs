//! Sessions that begin and go on, by the site's routes and by the token endpoint, and what the log says of that.

use super::{
    client::Client,
    second_factor::{log_copied, log_wrong},
};
use common::token::UserId;

use crate::{
    App, deletion,
    records::{
        authorization_code::AuthorizationCode,
        refresh_token::RefreshToken,
        session::{
            self, Session,
            grant::{Redeemed, Shown},
        },
        user::Notice,
    },
    security_event::{Event, Method, Outcome},
    sessions::{self, GoneOn, Place, programs},
    sign_in::{
        self, AuthenticatedUser, Credentials, authenticate, passkey,
        throttle::{self, Action, Throttled},
    },
    webauthn::{RelyingParty, assertion::AuthenticationResponse},
};

/// A session that has begun, its first refresh token, and what the user should know.
pub type Begun = (Session, RefreshToken, Vec<Notice>);

/// Begins a session for credentials.
///
/// # Errors
/// Those of [`authenticate`]. A password that was changed while it was checked is a wrong one.
pub async fn begin_by_password(
    app: &App,
    client: &Client,
    place: Place<'_>,
    credentials: Credentials<'_>,
) -> Result<Begun, sign_in::Error> {
    let begun = async {
        let who = authenticate(&app.ports, &app.hasher, credentials, client.network()).await?;
        begin(app, who, place, sign_in::Error::WrongCredentials).await
    };
    let begun = begun.await;
    log_sign_in(app, client, Method::Password, &begun);
    go_on_with_deletion(app, client, &begun).await;
    begun
}

/// Begins a session for the answer of a passkey, which is two factors: nobody is asked for a code.
///
/// # Errors
/// Those of [`passkey::authenticate`]. What was ended while the answer was checked is not begun.
pub async fn begin_by_passkey(
    app: &App,
    client: &Client,
    place: Place<'_>,
    party: &RelyingParty,
    answer: &AuthenticationResponse,
) -> Result<Begun, sign_in::Error> {
    let begun = async {
        let key = &app.challenge_key;
        let who = passkey::authenticate(&app.ports, key, party, answer, client.network()).await?;
        begin(app, who, place, sign_in::Error::WrongPasskey).await
    };
    let begun = begun.await;
    log_sign_in(app, client, Method::Passkey, &begun);
    go_on_with_deletion(app, client, &begun).await;
    begun
}

/// Begins the session. `wrong` is what it is called when all sessions were ended meanwhile.
async fn begin(
    app: &App,
    who: AuthenticatedUser,
    place: Place<'_>,
    wrong: fn(Option<UserId>) -> sign_in::Error,
) -> Result<Begun, sign_in::Error> {
    let begun = sessions::begin(&app.ports, &who, place).await;
    let (session, token) = begun.map_err(|error| match error {
        session::Error::Ended => wrong(Some(who.id.clone())),
        error => sign_in::Error::Session(error),
    })?;
    Ok((session, token, who.user.notices))
}

fn log_sign_in(app: &App, client: &Client, method: Method, begun: &Result<Begun, sign_in::Error>) {
    use sign_in::Error;

    let (outcome, user_id, session_id) = match begun {
        Ok((session, ..)) => (Outcome::Success, Some(&session.user_id), Some(session.id.as_str())),
        Err(Error::Throttled(Throttled::TooMany { .. })) => (Outcome::Throttled, None, None),
        Err(Error::SecondFactorMissing(asked)) => (Outcome::Incomplete, Some(&asked.user_id), None),
        Err(Error::WrongSecondFactor(asked, factor)) => {
            log_wrong(app, client, *factor, &asked.user_id, None);
            (Outcome::Failure, Some(&asked.user_id), None)
        }
        Err(Error::BeingDeleted(user)) => (Outcome::Failure, Some(user), None),
        Err(Error::PasskeyCopied(user)) => {
            log_copied(app, client, user, None);
            (Outcome::Failure, Some(user), None)
        }
        Err(Error::WrongCredentials(user) | Error::WrongPasskey(user)) => (Outcome::Failure, user.as_ref(), None),
        // A fault of ours is in the line of the request.
        Err(Error::Throttled(_) | Error::Hash(_) | Error::Session(_) | Error::Store(_)) => return,
    };
    let mut event = client.event(Event::SignIn, outcome);
    (event.method, event.user_id, event.session_id) = (Some(method), user_id, session_id);
    event.log(&app.ports);
}

/// Goes on with a deletion that did not come to its end: somebody is there who may sign in, as when it began.
async fn go_on_with_deletion(app: &App, client: &Client, begun: &Result<Begun, sign_in::Error>) {
    let Err(sign_in::Error::BeingDeleted(user_id)) = begun else {
        return;
    };
    let finished = deletion::finish(&app.ports, &app.memos, user_id, deletion::STEPS, &client.context).await;
    if let Err(error) = finished {
        app.ports.warn("the deletion of an account goes on later", error);
    }
}

/// Goes on with the session of a client's refresh token. Tells it, and the next token where there is one.
///
/// # Errors
/// Those of [`sessions::go_on`]. A token that was used again is no longer good. Too many tokens of a network that are nobody's
/// put off the next one, before anything of a session is read.
pub async fn go_on(
    app: &App,
    client: &Client,
    token: &RefreshToken,
    client_id: &str,
) -> Result<(Session, Option<RefreshToken>), sign_in::Error> {
    let checked = throttle::check(&app.ports, Action::Refresh, client.network()).await;
    if let Err(Throttled::TooMany { .. }) = &checked {
        client.event(Event::Refresh, Outcome::Throttled).log(&app.ports);
    }
    checked?;
    match sessions::go_on(&app.ports, token, client_id).await {
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

/// Begins the session of a code, for a program that shows what the code is bound to.
///
/// # Errors
/// Those of [`programs::begin`]. A code that is used again is no longer good, and nor is what it began. Too many codes of a
/// network that are nobody's put off the next one.
pub async fn begin_by_code(
    app: &App,
    client: &Client,
    code: &AuthorizationCode,
    shown: Shown<'_>,
) -> Result<(Session, RefreshToken), sign_in::Error> {
    let client_id = shown.client_id;
    let log = |event, outcome, session: Option<&Session>| {
        let mut event = client.event(event, outcome);
        event.user_id = session.map(|session| &session.user_id);
        event.session_id = session.map(|session| session.id.as_str());
        event.client_id = Some(client_id);
        event.log(&app.ports);
    };
    let checked = throttle::check(&app.ports, Action::Refresh, client.network()).await;
    if let Err(Throttled::TooMany { .. }) = &checked {
        log(Event::ProgramConnected, Outcome::Throttled, None);
    }
    checked?;
    match programs::begin(&app.ports, code, shown, client.user_agent.as_deref()).await {
        Ok(Redeemed::Begun(session, token)) => {
            log(Event::ProgramConnected, Outcome::Success, Some(&session));
            Ok((*session, token))
        }
        Ok(Redeemed::Reused(session)) => {
            log(Event::CodeReuse, Outcome::Failure, Some(&session));
            Err(sign_in::Error::Session(session::Error::Ended))
        }
        Err(error) => {
            if matches!(error, session::Error::Ended) {
                log(Event::ProgramConnected, Outcome::Failure, None);
                throttle::count_failure(&app.ports, Action::Refresh, client.network()).await;
            }
            Err(sign_in::Error::Session(error))
        }
    }
}
