//! The trash: taking a memo out of it, emptying it, and removing everything.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use common::{
    http::{
        extract::{Json, Query},
        problem::Problem,
    },
    token::UserId,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    answer::{memo_response, refusal},
    caller::Writer,
    conditions::{IfMatch, expected_if_given},
    path_id::PathId,
};
use crate::{
    App,
    catalog::filter::{Filter, State as MemoState},
};

/// Takes a memo out of the trash.
pub async fn restore(
    State(app): State<App>,
    Writer(user): Writer,
    PathId(id): PathId,
    condition: Option<IfMatch>,
) -> Result<Response, Problem> {
    let catalog = app.catalog(&user);
    let expected = expected_if_given(&catalog, id, condition).await?;
    let memo = catalog
        .restore(id, expected)
        .await
        .map_err(|error| refusal(id, error))?;
    memo_response(StatusCode::OK, id, memo)
}

/// Where to go on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmptyQuery {
    cursor: Option<String>,
}

/// Some memos are gone and some are still to go.
#[derive(Serialize)]
pub struct EmptiedBody {
    removed: usize,
    more: bool,
    next_cursor: String,
}

/// Empties the trash, as far as one request goes.
pub async fn empty(
    State(app): State<App>,
    Writer(user): Writer,
    Query(query): Query<EmptyQuery>,
) -> Result<Response, Problem> {
    remove(&app, &user, MemoState::Trashed, query).await
}

/// What has to be said to remove everything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveAllBody {
    #[serde(rename = "confirm")]
    _confirm: Confirmation,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Confirmation;

impl TryFrom<String> for Confirmation {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "all" {
            Ok(Self)
        } else {
            Err("It must be \"all\".")
        }
    }
}

/// Removes everything that the caller has, as far as one request goes.
pub async fn remove_all(
    State(app): State<App>,
    Writer(user): Writer,
    Query(query): Query<EmptyQuery>,
    Json(_): Json<RemoveAllBody>,
) -> Result<Response, Problem> {
    app.catalog(&user).revoke_all_shares().await?;
    remove(&app, &user, MemoState::All, query).await
}

async fn remove(app: &App, user: &UserId, state: MemoState, query: EmptyQuery) -> Result<Response, Problem> {
    let list = format!("remove {state:?}");
    let cursor = ("cursor", query.cursor.as_deref());
    let before = app.seal.open(&app.ports, user, &list, cursor).await?;
    let emptied = app.catalog(user).empty(&Filter::in_state(state), before).await?;
    let Some(next) = emptied.next else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let body = EmptiedBody {
        removed: emptied.removed,
        more: true,
        next_cursor: app.seal.close(&app.ports, user, &list, &next).await?,
    };
    Ok(Answer(body).into_response())
}
