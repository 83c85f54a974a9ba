//! `POST /api/memos/erasure`: removes everything that a person has, for the issuer, who is deleting the account.

use axum::{Json, extract::State};
use common::http::problem::Problem;
use serde::Serialize;

use super::caller::Eraser;
use crate::App;

/// What was done.
#[derive(Serialize)]
pub struct ErasureBody {
    removed: usize,
    /// Whether there is more to do: ask again.
    more: bool,
}

/// Removes everything of the token's user, as far as one request goes. Asked again after it is done, it does nothing.
pub async fn run(State(app): State<App>, Eraser(user): Eraser) -> Result<Json<ErasureBody>, Problem> {
    let erased = app.catalog(&user).erase().await?;
    Ok(Json(ErasureBody {
        removed: erased.removed,
        more: erased.more,
    }))
}
