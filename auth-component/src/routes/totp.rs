//! `/api/auth/totp`: a second factor, by an app that makes codes.

use axum::{Json as Answer, extract::State};
use common::http::{extract::Json, problem::Problem, problems};
use http::StatusCode;
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};

use super::{
    caller::AccountCaller,
    client::Client,
    proof::{ask_again, change, log_change, refuse},
};
use crate::{
    App,
    records::totp::{Totp, TotpCode, TotpSecret},
    security_event::Event,
    sessions::others::ChangeError,
    sign_in::Proof,
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

/// A code that the app shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    code: String,
}

/// Makes the second factor active, for a code that shows that the app has the secret. Guessing is of no use here: who may ask
/// for this may as well ask for a secret of their own.
pub async fn activate(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<CodeBody>,
) -> Result<StatusCode, Problem> {
    let wrong = || refuse("code", "It is not the code that the app shows now.");
    let changed = async {
        let code = TotpCode::parse(&body.code).ok_or_else(wrong)?;
        let now = app.ports.clock.now();
        change(&app, &caller, |user| {
            if user.second_factor().is_some() {
                return Err(is_on());
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

/// The password and a code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    password: String,
    code: String,
}

/// Takes the second factor away.
pub async fn remove(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<ProofBody>,
) -> Result<StatusCode, Problem> {
    let Some(proven) = caller.user.second_factor() else {
        return Err(Problem::not_found("There is no second factor."));
    };
    let changed = async {
        let proof = Proof {
            password: body.password,
            code: Some(body.code),
        };
        ask_again(&app, &client, &caller, proof, "password").await?;
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
        "There is a second factor. Take it away first to have another one.",
    )
}
