//! `/api/auth/sessions`: where the user is signed in.

use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    http::problem::Problem,
    world::clock::{Timestamp, rfc3339},
};
use http::StatusCode;
use serde::Serialize;

use super::{
    caller::{AccountCaller, Caller},
    client::Client,
};
use crate::{
    App,
    records::{refresh_token::is_session_id, session::Session},
    security_event::{Event, Outcome},
    sessions,
};

/// The sessions of a user.
#[derive(Serialize)]
pub struct SessionsBody {
    items: Vec<SessionBody>,
}

/// A session as the API shows it.
#[derive(Serialize)]
struct SessionBody {
    id: String,
    client_id: String,
    user_agent: Option<String>,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    #[serde(with = "rfc3339")]
    last_used_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// Shows the caller's sessions, the latest first.
pub async fn list(State(app): State<App>, AccountCaller(caller): AccountCaller) -> Result<Json<SessionsBody>, Problem> {
    let sessions = sessions::list(&app.ports, &caller.id, &caller.user).await?;
    let show = |session: Session| SessionBody {
        current: session.id == caller.session.id,
        created_at: session.created_at(),
        last_used_at: session.last_used_at(),
        id: session.id,
        client_id: session.client_id,
        user_agent: session.user_agent,
    };
    Ok(Json(SessionsBody {
        items: sessions.into_iter().map(show).collect(),
    }))
}

/// Ends one of the caller's sessions, which may be the one that asks.
pub async fn end(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let found = if is_session_id(&id) {
        sessions::find(&app.ports, &caller.id, &id).await?
    } else {
        None
    };
    let (session, _) = found.ok_or_else(|| Problem::not_found("You have no session of this id."))?;
    sessions::end(&app.ports, &session).await?;
    log_end(&app, &client, &caller, &session.id);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the caller's sessions but the one that asks.
pub async fn end_others(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
) -> Result<StatusCode, Problem> {
    let ended = sessions::others::end(&app.ports, &caller.id, Some(&caller.session), Some).await?;
    for id in ended {
        log_end(&app, &client, &caller, &id);
    }
    Ok(StatusCode::NO_CONTENT)
}

fn log_end(app: &App, client: &Client, caller: &Caller, ended: &str) {
    let mut event = client.event(Event::SessionEnd, Outcome::Success);
    (event.user_id, event.session_id) = (Some(&caller.id), Some(ended));
    event.by_session_id = Some(&caller.session.id).filter(|by| *by != ended).map(String::as_str);
    event.log(&app.ports);
}
