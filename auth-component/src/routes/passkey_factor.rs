//! Passkeys in the place of codes: `/api/auth/passkeys/second-factor`, whether one is asked for after the password, and
//! `/api/auth/me/passkey/options`, what a change of the account takes one for.
//!
//! Whoever adds a passkey has not said by it that the password alone is to open nothing, and a lost device would keep out who has
//! no recovery codes. So it is a thing of its own to say that, and said by a passkey that works.

use axum::{Json as Answer, extract::State};
use common::http::{extract::Json, problem::Problem};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{
    caller::{AccountCaller, Caller},
    client::Client,
    own_domain::OwnDomain,
    proof::{AccountChange, ProofBody, ask_again, change, log_change, show_passkey},
    second_factor,
};
use crate::{
    App,
    records::user::second_factor::Factor,
    security_event::Event,
    sessions::others::ChangeError,
    webauthn::{Base64Url, assertion::AuthenticationResponse},
};

/// What somebody wants a passkey's answer for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionsBody {
    change: AccountChange,
}

/// Tells the browser what to ask one of the caller's passkeys for. The answer is good for this change by this session, once. Nothing
/// is stored.
pub async fn options(
    State(app): State<App>,
    OwnDomain(party): OwnDomain,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<OptionsBody>,
) -> Result<Answer<Value>, Problem> {
    let passkeys = caller.user.passkeys().iter();
    let passkeys: Vec<Base64Url> = passkeys.map(|passkey| passkey.id.clone()).collect();
    if passkeys.is_empty() {
        return Err(Problem::not_found("You have no passkey."));
    }
    let occasion = body.change.by(&caller);
    let options = second_factor::options(&app, &party, (&caller.id, &passkeys), occasion);
    Ok(Answer(options.await?))
}

/// What a passkey answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyBody {
    passkey: AuthenticationResponse,
}

/// Has a passkey asked for after the password from now on, for the answer of one, which shows that it works. As with an app that
/// makes codes, the password is not asked for again.
pub async fn turn_on(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<PasskeyBody>,
) -> Result<StatusCode, Problem> {
    let changed = async {
        show_passkey(&app, &client, &caller, AccountChange::SecondFactorOn, body.passkey).await?;
        ask_for_passkey(&app, &caller, true).await
    };
    let changed = changed.await;
    log_change(&app, &client, &caller, Event::SecondFactorOn, &changed);
    changed.map(|()| StatusCode::NO_CONTENT)
}

/// Has no passkey asked for after the password any more. Where there is an app that makes codes, a passkey goes on standing in for
/// its codes.
pub async fn turn_off(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<ProofBody>,
) -> Result<StatusCode, Problem> {
    if !caller.user.second_factors().contains(&Factor::Passkey) {
        return Err(Problem::not_found("No passkey is asked for after the password."));
    }
    let changed = async {
        ask_again(&app, &client, &caller, AccountChange::SecondFactorOff, body).await?;
        ask_for_passkey(&app, &caller, false).await
    };
    let changed = changed.await;
    log_change(&app, &client, &caller, Event::SecondFactorOff, &changed);
    changed.map(|()| StatusCode::NO_CONTENT)
}

async fn ask_for_passkey(app: &App, caller: &Caller, is_wanted: bool) -> Result<(), Problem> {
    change(app, caller, |user| {
        // The passkey that was shown may be removed by now.
        user.with_passkey_asked_for(is_wanted)
            .ok_or_else(|| ChangeError::Busy.into())
    })
    .await
}
