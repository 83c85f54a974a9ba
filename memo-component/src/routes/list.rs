//! `GET /api/memos`: a person's memos, page by page.

use axum::{extract::State, response::Response};
use common::{
    http::{
        extract::Query,
        problem::{FieldError, Problem},
    },
    token::UserId,
};
use serde::{Deserialize, Serialize};

use super::{
    answer::{MemoBody, long_json},
    caller::Reader,
};
use crate::{
    App,
    catalog::filter::{Filter, State as MemoState},
    memo::{Memo, MemoId},
    tags::TAG_MAX_CHARS,
    words::{Words, fold},
};

/// How many items a page has at most, and when the client does not say.
pub const PAGE_MAX: usize = 100;
const PAGE_DEFAULT: usize = 50;

/// Which part of which list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// How many at most.
    pub limit: Option<String>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Words that all of them have.
    pub q: Option<String>,
    /// A tag that all of them have.
    pub tag: Option<String>,
    /// What became of them.
    pub state: Option<String>,
}

/// A page as the API shows it.
#[derive(Serialize)]
pub struct ListBody {
    items: Vec<MemoBody>,
    next_cursor: Option<String>,
}

/// Lists the caller's memos, newest first.
pub async fn list(
    State(app): State<App>,
    Reader(user): Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let (memos, next_cursor) = find(&app, &user, &query, PAGE_DEFAULT).await?;
    let body = |(id, memo)| MemoBody::new(id, memo);
    let items: Vec<MemoBody> = memos.into_iter().map(body).collect();
    let about_bytes = items.iter().map(MemoBody::about_bytes).fold(256, usize::saturating_add);
    long_json(about_bytes, &ListBody { items, next_cursor })
}

/// Some of a person's memos, newest first, and the cursor of those that follow.
///
/// # Errors
/// When the query makes no sense; those of the store.
pub async fn find(
    app: &App,
    user: &UserId,
    query: &ListQuery,
    limit_default: usize,
) -> Result<(Vec<(MemoId, Memo)>, Option<String>), Problem> {
    let limit = limit(query.limit.as_deref(), limit_default)?;
    let filter = filter(query)?;
    // A cursor goes on with the list that it comes from.
    let list = format!("list {filter:?}");
    let cursor = ("cursor", query.cursor.as_deref());
    let before = app.seal.open(&app.ports, user, &list, cursor).await?;
    let page = app.catalog(user).page(&filter, before, limit).await?;
    let next_cursor = match page.next {
        None => None,
        Some(next) => Some(app.seal.close(&app.ports, user, &list, &next).await?),
    };
    Ok((page.items, next_cursor))
}

/// How many items a page is to have.
///
/// # Errors
/// When it is not a number from 1 to [`PAGE_MAX`].
pub fn limit(text: Option<&str>, default: usize) -> Result<usize, Problem> {
    match text.map(str::parse) {
        None => Ok(default),
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(refuse("limit", format!("It must be a number from 1 to {PAGE_MAX}."))),
    }
}

fn filter(query: &ListQuery) -> Result<Filter, Problem> {
    let state = match query.state.as_deref() {
        None | Some("active") => MemoState::Active,
        Some("archived") => MemoState::Archived,
        Some("trashed") => MemoState::Trashed,
        Some("all") => MemoState::All,
        Some(_) => return Err(refuse("state", "It must be active, archived, trashed or all.")),
    };
    let tag = query.tag.as_deref().map(|tag| tag.strip_prefix('#').unwrap_or(tag));
    if tag.is_some_and(|tag| tag.is_empty() || tag.chars().nth(TAG_MAX_CHARS).is_some()) {
        return Err(refuse("tag", format!("It must have 1 to {TAG_MAX_CHARS} characters.")));
    }
    let words = Words::parse(query.q.as_deref().unwrap_or_default()).map_err(|detail| refuse("q", detail))?;
    Ok(Filter {
        state,
        tag: tag.map(|tag| fold(tag).into_owned()),
        words,
    })
}

fn refuse(field: &str, detail: impl Into<String>) -> Problem {
    Problem::invalid_request(vec![FieldError::new(field, detail)])
}
