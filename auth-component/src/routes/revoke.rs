//! `POST /api/auth/revoke`: a program ends a session of its own (RFC 7009).
//!
//! An access token can't be taken back by itself, so to revoke one ends its session, as to revoke a refresh token does.

use axum::extract::{Request, State};
use common::http::problem::Problem;
use http::StatusCode;

use super::{client::Client, form::Form, oauth_error::Error};
use crate::{
    App,
    records::{refresh_token::RefreshToken, session::Session},
    security_event::{Event, Outcome},
    sessions,
};

/// Ends the session of a token. One that is nobody's, or no longer good, is as good as revoked.
///
/// # Errors
/// In RFC 6749's words. A token of another program is not revoked.
pub async fn revoke(State(app): State<App>, client: Client, request: Request) -> Result<StatusCode, Error> {
    let form = Form::read_of_client(request, &app).await?;
    let (client_id, token) = (form.need("client_id")?, form.need("token")?);
    let Some(session) = session_of(&app, token).await? else {
        return Ok(StatusCode::OK);
    };
    if session.client_id != client_id {
        return Err(Error::invalid_grant("the token was given to another program"));
    }
    sessions::end(&app.ports, &session).await.map_err(Problem::from)?;
    let mut event = client.event(Event::ProgramDisconnected, Outcome::Success);
    (event.user_id, event.session_id) = (Some(&session.user_id), Some(session.id.as_str()));
    event.client_id = Some(client_id);
    event.log(&app.ports);
    Ok(StatusCode::OK)
}

/// The program's session that a token of either kind belongs to.
async fn session_of(app: &App, token: &str) -> Result<Option<Session>, Problem> {
    let found = match RefreshToken::parse(token) {
        Some(token) => sessions::of_token(&app.ports, &token).await?,
        None => {
            let now = app.ports.clock.now();
            let keys = app.keys.current(now).await?;
            let Ok(token) = app.profile.verify(token, keys.public(), now) else {
                return Ok(None);
            };
            let found = sessions::find(&app.ports, &token.claims.sub, &token.claims.sid).await?;
            found.map(|(session, _)| session)
        }
    };
    Ok(found.filter(|session| session.grant.is_some()))
}
