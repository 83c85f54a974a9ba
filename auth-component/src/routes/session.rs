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
};
use http::StatusCode;
use serde::Serialize;

use super::{client_address::ClientNetwork, cookie::RefreshCookie, users::Credentials};
use crate::{
    App,
    records::{
        refresh_token::RefreshToken,
        session::{self, Session},
        username::Username,
    },
    sign_in::authenticate,
    tokens::access_token,
};

/// `client_id` of the site's sessions.
const CLIENT_ID: &str = "memo-web";

/// What the site gets.
#[derive(Serialize)]
struct SignedIn {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    user: UserBody,
}

#[derive(Serialize)]
struct UserBody {
    id: UserId,
    username: Username,
}

async fn signed_in(
    app: &App,
    cookie: &RefreshCookie,
    session: Session,
    refresh_token: Option<RefreshToken>,
) -> Result<Response, Problem> {
    let body = Answer(SignedIn {
        access_token: access_token::issue(&app.ports, &app.keys, &app.profile, &session).await?,
        token_type: "Bearer",
        expires_in: access_token::TTL.as_secs(),
        user: UserBody {
            id: session.user_id,
            username: session.username,
        },
    });
    match refresh_token {
        Some(token) => Ok((cookie.set(&token)?, body).into_response()),
        None => Ok(body.into_response()),
    }
}

/// Signs somebody in: a new session, its refresh token in the cookie, and the first access token.
pub async fn sign_in(
    State(app): State<App>,
    cookie: RefreshCookie,
    client: ClientNetwork,
    Json(body): Json<Credentials>,
) -> Result<Response, Problem> {
    let user = authenticate(&app.ports, &app.hasher, body.username, body.password, client.0).await?;
    let (session, token) = session::start(&app.ports, user, CLIENT_ID).await?;
    signed_in(&app, &cookie, session, Some(token)).await
}

/// Goes on with the browser's session. Without a cookie there is none, which is no error: 204.
pub async fn refresh(State(app): State<App>, cookie: RefreshCookie) -> Result<Response, Problem> {
    let Some(token) = cookie.token()? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (session, next) = session::refresh(&app.ports, &token).await?;
    signed_in(&app, &cookie, session, next).await
}

/// Ends the browser's session, if it has one, and takes the cookie away.
pub async fn sign_out(State(app): State<App>, cookie: RefreshCookie) -> Result<Response, Problem> {
    if let Ok(Some(token)) = cookie.token() {
        session::end(&app.ports, &token).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie.clear()?).into_response())
}
