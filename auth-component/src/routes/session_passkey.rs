//! `/api/auth/session/passkey`: the way in for the site with a passkey, and without a name or a password.

use axum::{Json as Answer, extract::State, response::Response};
use common::http::{extract::Json, problem::Problem};
use serde_json::Value;

use super::{
    client::Client,
    cookie::RefreshCookie,
    own_domain::OwnDomain,
    session::{CLIENT_ID, enter},
    signing_in::begin_by_passkey,
};
use crate::{
    App,
    sign_in::passkey,
    webauthn::{
        assertion::{self, AuthenticationResponse},
        challenge::Purpose,
    },
};

/// Tells the browser what to ask for. Nothing is stored, so anybody may ask as often as they like.
pub async fn options(State(app): State<App>, OwnDomain(party): OwnDomain) -> Result<Answer<Value>, Problem> {
    let challenge = passkey::challenge(&app.ports, &app.challenge_key, Purpose::SignIn).await?;
    Ok(Answer(assertion::options(&party, challenge)))
}

/// Signs in whoever has the passkey, as [`session`](super::session) does whoever has the password.
pub async fn sign_in(
    State(app): State<App>,
    OwnDomain(party): OwnDomain,
    cookie: RefreshCookie,
    client: Client,
    Json(answer): Json<AuthenticationResponse>,
) -> Result<Response, Problem> {
    let place = client.place(CLIENT_ID, true);
    let begun = begin_by_passkey(&app, &client, place, &party, &answer).await?;
    enter(&app, &cookie, &client, begun).await
}
