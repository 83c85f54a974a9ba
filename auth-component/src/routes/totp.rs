//! `/api/auth/totp`: a second factor, by an app that makes codes.

use axum::{Json as Answer, extract::State};
use common::http::{extract::Json, problem::Problem, problems};
use http::StatusCode;
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};

use super::{
    caller::AccountCaller,
    client::Client,
    proof::{AccountChange, ProofBody, ask_again, change, log_change, refuse},
};
use crate::{
    App,
    records::totp::{Totp, TotpCode, TotpSecret},
    security_event::Event,
    sessions::others::ChangeError,
    webauthn::assertion::AuthenticationResponse,
};

/// A secret for an app, in three forms.
#[derive(Serialize)]
pub struct SecretBody {
    /// To be typed.
    secret: String,
    /// To be opened.
    otpauth_uri: String,
    /// To be scanned: the same address.
    qr_svg: String,
}

/// Makes a secret. It takes the place of one that is not active yet; nobody is asked for codes until the app has shown one.
pub async fn begin(
    State(app): State<App>,
    AccountCaller(caller): AccountCaller,
) -> Result<(StatusCode, Answer<SecretBody>), Problem> {
    let secret = TotpSecret::random(&app.ports)?;
    let otpauth_uri = secret.otpauth_uri(caller.user.username.as_str());
    let code = QrCode::new(&otpauth_uri).map_err(Problem::internal)?;
    let body = SecretBody {
        secret: secret.to_text(),
        qr_svg: code.render::<svg::Color<'_>>().build(),
        otpauth_uri,
    };
    let totp = Totp::new(secret);
    change(&app, &caller, |user| user.with_new_totp(totp.clone()).ok_or_else(is_on)).await?;
    Ok((StatusCode::CREATED, Answer(body)))
}

/// A code that the app shows; and the password and what a passkey answered, where that is the second factor already.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    code: String,
    password: Option<String>,
    passkey: Option<AuthenticationResponse>,
}

/// Makes the app active, for a code that shows that it has the secret. Guessing is of no use here: who may ask for this may as
/// well ask for a secret of their own. For the same reason an account whose second factor is a passkey asks for that: codes will
/// stand in for it.
pub async fn activate(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<CodeBody>,
) -> Result<StatusCode, Problem> {
    let wrong = || refuse("code", "It is not the code that the app shows now.");
    let changed = async {
        let code = TotpCode::parse(&body.code).ok_or_else(wrong)?;
        if caller.user.active_totp().is_some() {
            return Err(is_on());
        }
        if !caller.user.second_factors().is_empty() {
            let proof = ProofBody {
                password: body.password.unwrap_or_default(),
                code: None,
                passkey: body.passkey,
            };
            ask_again(&app, &client, &caller, AccountChange::SecondFactorOn, proof).await?;
        }
        let now = app.ports.clock.now();
        change(&app, &caller, |user| {
            if user.active_totp().is_some() {
                return Err(is_on());
            }
            // A passkey may be asked for since this request was proven without one.
            if user.second_factors() != caller.user.second_factors() {
                return Err(ChangeError::Busy.into());
            }
            if user.totp.is_none() {
                return Err(Problem::not_found("There is no secret yet; ask for one by POST."));
            }
            user.with_totp_code_used(code, now).ok_or_else(wrong)
        })
        .await
    };
    let changed = changed.await;
    log_change(&app, &client, &caller, Event::SecondFactorOn, &changed);
    changed.map(|()| StatusCode::NO_CONTENT)
}

/// Takes the app away. A passkey goes on being asked for, where that is wanted.
pub async fn remove(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<ProofBody>,
) -> Result<StatusCode, Problem> {
    let Some(proven) = caller.user.active_totp() else {
        return Err(Problem::not_found("There is no app that makes codes."));
    };
    let changed = async {
        ask_again(&app, &client, &caller, AccountChange::SecondFactorOff, body).await?;
        change(&app, &caller, |user| {
            user.without_totp(proven).ok_or_else(|| ChangeError::Busy.into())
        })
        .await
    };
    let changed = changed.await;
    log_change(&app, &client, &caller, Event::SecondFactorOff, &changed);
    changed.map(|()| StatusCode::NO_CONTENT)
}

fn is_on() -> Problem {
    Problem::new(
        &problems::SECOND_FACTOR_ON,
        "There is an app that makes codes. Take it away first to have another one.",
    )
}
