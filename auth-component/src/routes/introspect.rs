//! `POST /api/auth/introspect`: whether an access token is good at this moment (RFC 7662).
//!
//! The standard wants whoever asks to show something of their own, so that nobody finds tokens by trying. Here nobody can: a
//! token is signed, and what is not signed by us is inactive without anything being read. Whoever has a token is told no more
//! than its first use would tell them, so the token itself is enough.

use axum::{
    Json as Answer,
    extract::{Request, State},
};
use common::http::{
    extract::{expect_content_type, read_body},
    problem::Problem,
};
use serde::Serialize;

use super::token::{Error, Form};
use crate::{App, personal_tokens, sessions};

/// RFC 7662 §2.2: the one member that has to be there. All others are in the token.
#[derive(Serialize)]
pub struct IntrospectionBody {
    active: bool,
}

/// Tells whether a token is good: not expired, not revoked, and of an account that is there.
///
/// # Errors
/// In RFC 6749's words.
pub async fn introspect(State(app): State<App>, request: Request) -> Result<Answer<IntrospectionBody>, Error> {
    expect_content_type(request.headers(), "application/x-www-form-urlencoded").map_err(Error::Problem)?;
    let form = Form::parse(&read_body(request, &app).await?);
    let active = is_active(&app, form.need("token")?).await?;
    Ok(Answer(IntrospectionBody { active }))
}

async fn is_active(app: &App, token: &str) -> Result<bool, Problem> {
    let now = app.ports.clock.now();
    let keys = app.keys.current(now).await?;
    let Ok(token) = app.profile.verify(token, keys.public(), now) else {
        return Ok(false);
    };
    let claims = token.claims;
    let is_good = if token.long_lived.is_some() {
        personal_tokens::is_good(&app.ports, &claims.sub, &claims.sid).await?
    } else {
        sessions::find(&app.ports, &claims.sub, &claims.sid).await?.is_some()
    };
    Ok(is_good)
}
