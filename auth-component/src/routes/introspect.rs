//! `POST /api/auth/introspect`: whether an access token is good at this moment (RFC 7662).
//!
//! Personal tokens and those of sessions are asked about alike; the memo service asks about personal ones, and about others
//! reads the list of sessions that have ended.
//!
//! The standard wants whoever asks to show something of their own, so that nobody finds tokens by trying. Here nobody can: a
//! token is signed, and what is not signed by us is inactive without anything being read. Whoever has a token is told no more
//! than stands in it, and what its first use would tell them, so the token itself is enough.

use axum::{
    Json as Answer,
    extract::{Request, State},
};
use common::{http::problem::Problem, token::AccessToken};
use serde::Serialize;

use super::{form::Form, oauth_error::Error};
use crate::{App, personal_tokens, sessions};

/// RFC 7662 §2.2.
#[derive(Serialize)]
pub struct IntrospectionBody {
    active: bool,
    /// Absent where the token is not good.
    #[serde(flatten)]
    token: Option<TokenBody>,
}

/// What an active token says.
#[derive(Serialize)]
struct TokenBody {
    token_type: &'static str,
    scope: String,
    client_id: String,
    sub: String,
    aud: String,
    iss: String,
    jti: String,
    iat: u64,
    exp: u64,
}

impl From<AccessToken> for TokenBody {
    fn from(token: AccessToken) -> Self {
        let claims = token.claims;
        Self {
            token_type: "Bearer",
            scope: claims.scope,
            client_id: claims.client_id,
            sub: claims.sub.to_string(),
            aud: claims.aud,
            iss: claims.iss,
            jti: claims.jti,
            iat: token.issued_at.as_secs(),
            exp: token.expires_at.as_secs(),
        }
    }
}

/// Tells whether a token is good: not expired, not revoked, and of an account that is there.
///
/// # Errors
/// In RFC 6749's words.
pub async fn introspect(State(app): State<App>, request: Request) -> Result<Answer<IntrospectionBody>, Error> {
    let form = Form::read(request, &app).await?;
    let token = active(&app, form.need("token")?).await?.map(TokenBody::from);
    Ok(Answer(IntrospectionBody {
        active: token.is_some(),
        token,
    }))
}

/// The token, where it is good.
async fn active(app: &App, token: &str) -> Result<Option<AccessToken>, Problem> {
    let now = app.ports.clock.now();
    let keys = app.keys.current(now).await?;
    let Ok(token) = app.profile.verify(token, keys.public(), now) else {
        return Ok(None);
    };
    let claims = &token.claims;
    let is_good = if token.long_lived.is_some() {
        personal_tokens::is_good(&app.ports, &claims.sub, &claims.sid).await?
    } else {
        sessions::find(&app.ports, &claims.sub, &claims.sid).await?.is_some()
    };
    Ok(is_good.then_some(token))
}
