//! `/api/auth/session`: the way in for the site. The refresh token lives in a cookie that scripts can't read, so a
//! script that should not be there can't take it away.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use common::{
    http::{extract::Json, problem::Problem},
    token::UserId,
    world::clock::{Timestamp, rfc3339},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    client::Client,
    cookie::RefreshCookie,
    second_factor::{problem_of, shown},
    signing_in::{Begun, begin_by_password, go_on},
};
use crate::{
    App,
    records::{
        refresh_token::RefreshToken,
        session::Session,
        user::{Notice, NoticeKind},
        username::Username,
    },
    security_event::{Event, Outcome},
    sessions,
    sign_in::Credentials,
    tokens::access_token,
    webauthn::{assertion::AuthenticationResponse, challenge::Occasion},
};

/// `client_id` of the site's sessions.
pub(super) const CLIENT_ID: &str = "memo-web";

/// Whom somebody says they are, and how they show it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    username: String,
    password: String,
    code: Option<String>,
    passkey: Option<AuthenticationResponse>,
}

/// What the site gets.
#[derive(Serialize)]
struct SignedIn {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    user: UserBody,
    /// What the user should know: told at sign-in, until the session that was told goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeBody>,
}

#[derive(Serialize)]
struct UserBody {
    id: UserId,
    username: Username,
}

#[derive(Serialize)]
struct NoticeBody {
    r#type: NoticeKind,
    #[serde(with = "rfc3339")]
    at: Timestamp,
}

async fn signed_in(
    app: &App,
    cookie: &RefreshCookie,
    session: Session,
    refresh_token: Option<RefreshToken>,
    notices: Vec<Notice>,
) -> Result<Response, Problem> {
    let notices = notices
        .into_iter()
        .map(|Notice { kind, at, .. }| NoticeBody { r#type: kind, at });
    let scope = access_token::scope_of(&session);
    let body = Answer(SignedIn {
        access_token: access_token::issue(&app.ports, &app.keys, &app.profile, &session, &scope).await?,
        token_type: "Bearer",
        expires_in: access_token::TTL.as_secs(),
        scope,
        user: UserBody {
            id: session.user_id,
            username: session.username,
        },
        notices: notices.collect(),
    });
    match refresh_token {
        Some(token) => Ok((cookie.set(&token)?, body).into_response()),
        None => Ok(body.into_response()),
    }
}

/// Signs somebody in: a new session, its refresh token in the cookie, and the first access token. The session that the
/// browser had ends.
pub async fn sign_in(
    State(app): State<App>,
    cookie: RefreshCookie,
    client: Client,
    Json(body): Json<SignIn>,
) -> Result<Response, Problem> {
    let place = client.place(CLIENT_ID, true);
    let credentials = Credentials {
        username: body.username,
        password: body.password,
        second: shown(&app, &client, body.code, body.passkey, Occasion::SignIn),
    };
    match begin_by_password(&app, &client, place, credentials).await {
        Ok(begun) => enter(&app, &cookie, &client, begun).await,
        Err(error) => Err(problem_of(&app, &client, error).await),
    }
}

/// Answers with a session that has just begun. The one that the browser had ends.
pub(super) async fn enter(
    app: &App,
    cookie: &RefreshCookie,
    client: &Client,
    (session, token, notices): Begun,
) -> Result<Response, Problem> {
    end_sent(app, cookie, client, Some(&session)).await?;
    signed_in(app, cookie, session, Some(token), notices).await
}

/// Goes on with the browser's session. Without a cookie there is none, which is no error: 204.
pub async fn refresh(State(app): State<App>, cookie: RefreshCookie, client: Client) -> Result<Response, Problem> {
    let Some(token) = cookie.token()? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (session, next) = go_on(&app, &client, &token, CLIENT_ID).await?;
    signed_in(&app, &cookie, session, next, Vec::new()).await
}

/// Ends the browser's session, if it has one, and takes the cookie away.
pub async fn sign_out(State(app): State<App>, cookie: RefreshCookie, client: Client) -> Result<Response, Problem> {
    end_sent(&app, &cookie, &client, None).await?;
    Ok((StatusCode::NO_CONTENT, cookie.clear()?).into_response())
}

/// Ends the session whose cookie the browser sent, by its own sign-out or because of the session that takes its place.
async fn end_sent(app: &App, cookie: &RefreshCookie, client: &Client, by: Option<&Session>) -> Result<(), Problem> {
    let Ok(Some(token)) = cookie.token() else { return Ok(()) };
    if let Some(ended) = sessions::sign_out(&app.ports, &token).await? {
        let mut event = client.event(Event::SessionEnd, Outcome::Success);
        (event.user_id, event.session_id) = (Some(&ended.user_id), Some(ended.id.as_str()));
        event.by_session_id = by.map(|session| session.id.as_str());
        event.log(&app.ports);
    }
    Ok(())
}
