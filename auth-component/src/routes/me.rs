//! `/api/auth/me`: the user whose access token this is.

use axum::Json;
use common::{
    token::UserId,
    world::clock::{Timestamp, rfc3339},
};
use serde::Serialize;

use super::caller::Caller;
use crate::records::{user::second_factor::Factor, username::Username};

/// The caller's account as the API shows it.
#[derive(Serialize)]
pub struct AccountBody {
    id: UserId,
    username: Username,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    second_factor: bool,
    second_factors: Vec<Factor>,
    passkeys: usize,
    recovery_codes_left: usize,
    #[serde(with = "rfc3339")]
    password_changed_at: Timestamp,
}

/// Shows the caller.
pub async fn show(Caller { id, user, .. }: Caller) -> Json<AccountBody> {
    let second_factors = user.second_factors();
    Json(AccountBody {
        id,
        second_factor: !second_factors.is_empty(),
        second_factors,
        passkeys: user.passkeys().len(),
        recovery_codes_left: user.recovery_codes.len(),
        username: user.username,
        created_at: user.created_at,
        // Registration set the first one.
        password_changed_at: user.password_changed_at.unwrap_or(user.created_at),
    })
}
