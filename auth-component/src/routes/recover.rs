//! `POST /api/auth/recover`: another password for a recovery code.

use axum::extract::State;
use common::{
    http::{extract::Json, problem::Problem},
    token::UserId,
};
use http::StatusCode;
use serde::Deserialize;

use super::{client::Client, proof::refuse};
use crate::{
    App,
    records::{
        recovery_code::{RecoveryCode, RecoveryCodeHash},
        username::Username,
    },
    security_event::{Event, Outcome},
    sessions,
    sign_in::{
        password::Password,
        password_policy,
        recovery::{self, Error},
        throttle::Throttled,
    },
};

/// Who somebody says they are, what they kept for this day, and the password that they want to have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    username: String,
    recovery_code: String,
    new_password: String,
}

/// Gives the account another password. All sessions end, the second factor is off, and the code is spent: of two requests with
/// one code, one wins.
pub async fn recover(
    State(app): State<App>,
    client: Client,
    Json(body): Json<RecoverBody>,
) -> Result<StatusCode, Problem> {
    let username = Username::try_from(body.username).ok();
    let password = password_policy::choose(body.new_password, username.as_ref())
        .map_err(|detail| refuse("new_password", detail))?;
    // What can't be a name or a code is nobody's.
    let wanted = username.zip(RecoveryCode::parse(&body.recovery_code));
    let found = match &wanted {
        None => Err(Error::WrongCode(None)),
        Some((username, code)) => recovery::find(&app.ports, username, code, client.network()).await,
    };
    let (id, code) = found.inspect_err(|error| match error {
        Error::WrongCode(user) => log(&app, &client, Outcome::Failure, user.as_ref()),
        Error::Throttled(Throttled::TooMany { .. }) => log(&app, &client, Outcome::Throttled, None),
        // A fault of ours is in the line of the request.
        Error::Throttled(_) | Error::Store(_) => {}
    })?;
    let ended = change_password(&app, &id, &code, &password).await;
    let outcome = if ended.is_ok() {
        Outcome::Success
    } else {
        Outcome::Failure
    };
    log(&app, &client, outcome, Some(&id));
    for session in ended? {
        let mut event = client.event(Event::SessionEnd, Outcome::Success);
        (event.user_id, event.session_id) = (Some(&id), Some(session.as_str()));
        event.log(&app.ports);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Does it, and tells which sessions were ended.
async fn change_password(
    app: &App,
    id: &UserId,
    code: &RecoveryCodeHash,
    password: &Password,
) -> Result<Vec<String>, Problem> {
    let hash = app.hasher.hash(&app.ports, password).await?;
    let ended = sessions::others::end(&app.ports, id, None, |user| {
        user.recovered(code, hash.clone(), app.ports.clock.now())
    });
    Ok(ended.await?)
}

fn log(app: &App, client: &Client, outcome: Outcome, user_id: Option<&UserId>) {
    let mut event = client.event(Event::Recovery, outcome);
    event.user_id = user_id;
    event.log(&app.ports);
}
