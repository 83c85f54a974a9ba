//! `POST /api/auth/token`: tokens for programs, for a code or for a refresh token (RFC 6749 §4.1.3, §5 and §6).
//!
//! There is no grant for a password: what a program never sees it can't lose (RFC 9700 §2.4).

use axum::{
    Json as Answer,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::header;
use serde::Serialize;

use super::{
    authorization_server::AuthorizationServer,
    client::Client,
    form::Form,
    oauth_error::Error,
    signing_in::{begin_by_code, go_on},
};
use crate::{
    App,
    authorization::{is_own, is_verifier},
    records::{
        authorization_code::AuthorizationCode,
        client,
        program_scope::ProgramScope,
        refresh_token::RefreshToken,
        session::{self, Session, grant::Shown},
    },
    tokens::access_token,
};

/// RFC 6749 §5.1.
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    /// Absent where the one that was sent stays good.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// What a grant comes to: a session, its next refresh token, and what the access token may be used for.
type Granted = (Session, Option<RefreshToken>, String);

/// Grants tokens for a code, or for a refresh token.
///
/// # Errors
/// In RFC 6749's words.
pub async fn grant(
    State(app): State<App>,
    client: Client,
    server: AuthorizationServer,
    request: Request,
) -> Result<Response, Error> {
    let form = Form::read_of_client(request, &app).await?;
    let is_code = match form.need("grant_type")? {
        "authorization_code" => true,
        "refresh_token" => false,
        _ => {
            let supported = "authorization_code and refresh_token are supported";
            return Err(Error::Refused("unsupported_grant_type", supported.to_owned()));
        }
    };
    let client_id = form.need("client_id")?;
    if form
        .get("resource")?
        .is_some_and(|resource| !is_own(resource, &server.origin))
    {
        return Err(Error::Refused(
            "invalid_target",
            "resource must be at this origin".to_owned(),
        ));
    }
    let known = client::find(&app.ports, client_id).await;
    known.map_err(session::Error::from)?.ok_or_else(Error::invalid_client)?;
    let (session, refresh_token, scope) = if is_code {
        by_code(&app, &form, &client, client_id).await?
    } else {
        by_refresh_token(&app, &form, &client, client_id).await?
    };
    let tokens = Tokens {
        access_token: access_token::issue(&app.ports, &app.keys, &app.profile, &session, &scope).await?,
        token_type: "Bearer",
        expires_in: access_token::TTL.as_secs(),
        scope,
        refresh_token: refresh_token.map(|token| token.to_text()),
    };
    Ok(([(header::PRAGMA, "no-cache")], Answer(tokens)).into_response())
}

async fn by_code(app: &App, form: &Form, client: &Client, client_id: &str) -> Result<Granted, Error> {
    let verifier = form.need("code_verifier")?;
    if !is_verifier(verifier) {
        return Err(Error::invalid_request(
            "code_verifier has 43 to 128 unreserved characters",
        ));
    }
    let shown = Shown {
        client_id,
        redirect_uri: form.get("redirect_uri")?,
        verifier,
    };
    let code = AuthorizationCode::parse(form.need("code")?).ok_or(session::Error::Ended)?;
    let (session, token) = begin_by_code(app, client, &code, shown).await?;
    let scope = access_token::scope_of(&session);
    Ok((session, Some(token), scope))
}

/// A program may want less of a token than it was allowed, and never more (RFC 6749 §6).
async fn by_refresh_token(app: &App, form: &Form, client: &Client, client_id: &str) -> Result<Granted, Error> {
    let refuse = || Error::Refused("invalid_scope", "scope must be what was allowed, or less".to_owned());
    let wanted = form.get("scope")?.map(ProgramScope::try_from);
    let wanted = wanted.transpose().map_err(|_| refuse())?;
    let token = RefreshToken::parse(form.need("refresh_token")?).ok_or(session::Error::Ended)?;
    let (session, next) = go_on(app, client, &token, client_id).await?;
    let scope = match (&wanted, &session.grant) {
        (Some(wanted), Some(grant)) if grant.scope.includes(wanted) => wanted.as_str().to_owned(),
        (Some(_), _) => return Err(refuse()),
        (None, _) => access_token::scope_of(&session),
    };
    Ok((session, next, scope))
}
