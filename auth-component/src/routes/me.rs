//! `/api/auth/me`: the user whose access token this is.

use axum::{Json, extract::State};
use common::{http::problem::Problem, token::TokenError};

use super::{caller::Caller, users::UserBody};
use crate::{App, records::user};

/// Shows the caller. A token of a user who is gone is good for nobody.
pub async fn show(State(app): State<App>, Caller(id): Caller) -> Result<Json<UserBody>, Problem> {
    match user::read(&app.ports, &id).await? {
        Some(user) => Ok(Json(UserBody::new(id, user))),
        None => Err(TokenError::Invalid.into()),
    }
}
