//! `/api/auth/recovery-codes`: new recovery codes.

use axum::{Json as Answer, extract::State};
use common::http::{extract::Json, problem::Problem};
use http::StatusCode;
use serde::Serialize;

use super::{
    caller::{AccountCaller, Caller},
    client::Client,
    proof::{AccountChange, ProofBody, ask_again, change, log_change},
};
use crate::{App, records::recovery_code::RecoveryCode, security_event::Event, sessions::others::ChangeError};

/// Recovery codes, which are shown once.
#[derive(Serialize)]
pub struct RecoveryCodesBody {
    recovery_codes: Vec<String>,
}

/// Makes new recovery codes. The ones before are void.
pub async fn renew(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<ProofBody>,
) -> Result<(StatusCode, Answer<RecoveryCodesBody>), Problem> {
    let renewed = renew_codes(&app, &client, &caller, body).await;
    log_change(&app, &client, &caller, Event::RecoveryCodes, &renewed);
    let codes = renewed?;
    let body = RecoveryCodesBody {
        recovery_codes: codes.iter().map(RecoveryCode::to_text).collect(),
    };
    Ok((StatusCode::CREATED, Answer(body)))
}

async fn renew_codes(
    app: &App,
    client: &Client,
    caller: &Caller,
    body: ProofBody,
) -> Result<Vec<RecoveryCode>, Problem> {
    ask_again(app, client, caller, AccountChange::RecoveryCodes, body).await?;
    let codes = RecoveryCode::random_set(&app.ports)?;
    let hashes: Vec<_> = codes.iter().map(|code| code.hash(&caller.user.username)).collect();
    change(app, caller, |user| {
        // Of two such requests one wins; the other one would show codes that are void already.
        if user.recovery_codes != caller.user.recovery_codes {
            return Err(ChangeError::Busy.into());
        }
        Ok(user.with_recovery_codes(hashes.clone()))
    })
    .await?;
    Ok(codes)
}
