//! `PUT /api/auth/me/password`: another password.

use axum::extract::State;
use common::http::{extract::Json, problem::Problem};
use http::StatusCode;
use serde::Deserialize;

use super::{
    caller::{AccountCaller, Caller},
    client::Client,
    proof::{AccountChange, ProofBody, ask_again, log_change, refuse},
};
use crate::{
    App,
    security_event::{Event, Outcome},
    sessions,
    sign_in::password_policy,
    webauthn::assertion::AuthenticationResponse,
};

/// The password as it is and as it shall be, and the second factor where there is one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    current_password: String,
    new_password: String,
    code: Option<String>,
    passkey: Option<AuthenticationResponse>,
}

/// Changes the password of somebody who knows the one before. All other sessions end; the one that asks goes on.
pub async fn change(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<PasswordBody>,
) -> Result<StatusCode, Problem> {
    let changed = change_password(&app, &client, &caller, body).await;
    log_change(&app, &client, &caller, Event::PasswordChange, &changed);
    for ended in changed? {
        let mut event = client.event(Event::SessionEnd, Outcome::Success);
        (event.user_id, event.session_id) = (Some(&caller.id), Some(ended.as_str()));
        event.by_session_id = Some(caller.session.id.as_str());
        event.log(&app.ports);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Does it, and tells which sessions were ended.
async fn change_password(
    app: &App,
    client: &Client,
    caller: &Caller,
    body: PasswordBody,
) -> Result<Vec<String>, Problem> {
    let ports = &app.ports;
    let new = password_policy::choose(body.new_password, Some(&caller.user.username))
        .map_err(|detail| refuse("new_password", detail))?;
    let proof = ProofBody {
        password: body.current_password,
        code: body.code,
        passkey: body.passkey,
    };
    ask_again(app, client, caller, AccountChange::PasswordChange, proof).await?;
    let hash = app.hasher.hash(ports, &new).await?;
    let ended = sessions::others::end(ports, &caller.id, Some(&caller.session), |user| {
        // Of two changes from the same password one wins.
        let is_proven = user.password_hash == caller.user.password_hash;
        is_proven.then(|| user.with_password_hash(hash.clone(), ports.clock.now()))
    });
    Ok(ended.await?)
}
