//! `GET /api/memos/changes`: the feed of changes.

use axum::{Json, extract::State};
use common::http::{extract::Query, problem::Problem};
use serde::{Deserialize, Serialize};

use super::{
    answer::MemoBody,
    caller::Reader,
    list::{PAGE_MAX, limit},
};
use crate::{App, catalog::changes::News, memo::Version};

/// The name of the list that the cursors are for.
pub const FEED: &str = "changes";

/// Since when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    since: Option<String>,
    limit: Option<String>,
}

/// A memo that is not as it was.
#[derive(Serialize)]
pub struct ChangeBody {
    id: String,
    version: Version,
    /// Whether it is gone for good.
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<MemoBody>,
}

impl From<News> for ChangeBody {
    fn from(News { id, version, memo }: News) -> Self {
        Self {
            id: id.to_string(),
            version,
            deleted: memo.is_none(),
            memo: memo.map(|memo| MemoBody::new(id, memo)),
        }
    }
}

/// What happened.
#[derive(Serialize)]
pub struct ChangesBody {
    items: Vec<ChangeBody>,
    /// Where to go on, now or later.
    next: String,
    /// Whether there is more already.
    more: bool,
}

/// Tells what happened to the caller's memos.
pub async fn list(
    State(app): State<App>,
    Reader(user): Reader,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<ChangesBody>, Problem> {
    let limit = limit(query.limit.as_deref(), PAGE_MAX)?;
    let cursor = ("since", query.since.as_deref());
    let since = app.seal.open(&app.ports, &user, FEED, cursor).await?;
    let reading = app.catalog(&user).changes(since, limit).await?;
    let next = app.seal.close(&app.ports, &user, FEED, &reading.next).await?;
    Ok(Json(ChangesBody {
        items: reading.news.into_iter().map(ChangeBody::from).collect(),
        next,
        more: reading.more,
    }))
}
