//! `/api/auth/session`: the way in for the site. The refresh token lives in a cookie that scripts can't read, so a
//! script that should not be there can't take it away.

use axum::{
    Json as Answer, Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use common::{extract::Json, problem::Problem, token::UserId};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;

use crate::{
    App, access_token,
    cookie::{RefreshCookie, presented},
    credentials,
    sessions::{self, RefreshToken, Session},
    users::{Credentials, Username},
};

/// `client_id` of the site's sessions.
const CLIENT: &str = "memo-web";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The routes of this resource.
pub fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/auth/session", post(sign_in).delete(sign_out))
        .route("/api/auth/session/refresh", post(refresh))
        .route_layer(from_fn_with_state(app.clone(), refuse_other_sites))
}

/// Refuses what another site's page makes a browser send. SameSite=Strict keeps the cookie back already; this also
/// keeps other sites from signing somebody in as somebody else.
async fn refuse_other_sites(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_from_another_site(request.headers(), &app.cors_origins) {
        return Problem::forbidden("Pages of other sites can't sign people in or out.").into_response();
    }
    next.run(request).await
}

/// What Fetch Metadata says. Programs don't send it and may use what they like.
fn is_from_another_site(headers: &HeaderMap, welcome_origins: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let welcome = |origin: &str| welcome_origins.split(',').any(|welcome| welcome.trim() == origin);
    matches!(text(SEC_FETCH_SITE), Some("cross-site" | "same-site")) && !text(header::ORIGIN).is_some_and(welcome)
}

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
        access_token: access_token::issue(app, &session).await?,
        token_type: "Bearer",
        expires_in: access_token::LIFE.as_secs(),
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

async fn sign_in(
    State(app): State<App>,
    cookie: RefreshCookie,
    Json(body): Json<Credentials>,
) -> Result<Response, Problem> {
    let person = credentials::check(&app.ports, body.username, body.password).await?;
    let (session, token) = sessions::start(&app.ports, person, CLIENT).await?;
    signed_in(&app, &cookie, session, Some(token)).await
}

async fn refresh(State(app): State<App>, cookie: RefreshCookie, headers: HeaderMap) -> Result<Response, Problem> {
    let token = presented(&headers)?;
    let (session, next) = sessions::refresh(&app.ports, &token).await?;
    signed_in(&app, &cookie, session, next).await
}

async fn sign_out(State(app): State<App>, cookie: RefreshCookie, headers: HeaderMap) -> Result<Response, Problem> {
    if let Ok(token) = presented(&headers) {
        sessions::end(&app.ports, &token).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie.clear()?).into_response())
}
