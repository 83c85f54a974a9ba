//! `DELETE /api/auth/me`: the end of an account.

use axum::extract::State;
use common::http::{extract::Json, problem::Problem};
use http::StatusCode;

use super::{
    caller::{Caller, LeavingCaller},
    client::Client,
    proof::{AccountChange, ProofBody, ask_again},
};
use crate::{
    App,
    deletion::{self, STEPS},
    security_event::{Event, Outcome},
};

/// Deletes the caller's account, with all memos. Where that can't be finished now it is not undone: the same request goes on with
/// it, and need not prove again what was proven.
pub async fn delete(
    State(app): State<App>,
    client: Client,
    LeavingCaller(caller): LeavingCaller,
    Json(body): Json<ProofBody>,
) -> Result<StatusCode, Problem> {
    if !caller.user.is_being_deleted() {
        begin(&app, &client, &caller, body).await.inspect_err(|problem| {
            let outcome = match problem.status() {
                StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled,
                _ => Outcome::Failure,
            };
            log(&app, &client, &caller, outcome);
        })?;
    }
    let finished = deletion::finish(&app.ports, &app.memos, &caller.id, STEPS, &client.context).await;
    let outcome = if finished.is_ok() {
        Outcome::Success
    } else {
        Outcome::Incomplete
    };
    log(&app, &client, &caller, outcome);
    finished?;
    Ok(StatusCode::NO_CONTENT)
}

async fn begin(app: &App, client: &Client, caller: &Caller, body: ProofBody) -> Result<(), Problem> {
    ask_again(app, client, caller, AccountChange::AccountDeletion, body).await?;
    let ended = deletion::begin(&app.ports, &caller.id, &caller.user, &caller.session).await?;
    for session in ended {
        let mut event = client.event(Event::SessionEnd, Outcome::Success);
        (event.user_id, event.session_id) = (Some(&caller.id), Some(session.as_str()));
        event.by_session_id = Some(caller.session.id.as_str());
        event.log(&app.ports);
    }
    Ok(())
}

fn log(app: &App, client: &Client, caller: &Caller, outcome: Outcome) {
    let mut event = client.event(Event::AccountDeletion, outcome);
    (event.user_id, event.session_id) = (Some(&caller.id), Some(caller.session.id.as_str()));
    event.log(&app.ports);
}
