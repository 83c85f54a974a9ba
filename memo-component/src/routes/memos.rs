//! `/api/memos` and `/api/memos/{id}`: one memo.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use common::http::{
    extract::{Json, MergePatch},
    problem::Problem,
};
use http::{HeaderValue, StatusCode, header};

use super::{
    answer::{etag, memo_response, refusal},
    body::{CreateBody, PatchBody, ReplaceBody},
    caller::{Reader, Writer},
    conditions::{IfMatch, IfNoneMatch, expected_version},
    idempotency_key::IdempotencyKey,
    path_id::PathId,
};
use crate::{
    App,
    catalog::{Catalog, once::CreateKey, trash::Deleted},
    memo::{Content, Edit, Memo, MemoId},
};

/// Creates a memo; with a key, once.
///
/// # Errors
/// Why it was not created.
pub async fn make(catalog: &Catalog<'_>, key: Option<&CreateKey>, content: Content) -> Result<(MemoId, Memo), Problem> {
    Ok(match key {
        Some(key) => catalog.create_once(key, content).await?,
        None => catalog.create(content).await?,
    })
}

/// Creates a memo.
pub async fn create(
    State(app): State<App>,
    Writer(user): Writer,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateBody>,
) -> Result<Response, Problem> {
    let content = body.into_content(app.ports.clock.now())?;
    let (id, memo) = make(&app.catalog(&user), key.as_ref(), content).await?;
    let location = HeaderValue::try_from(format!("/api/memos/{id}")).map_err(Problem::internal)?;
    let mut response = memo_response(StatusCode::CREATED, id, memo)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Shows a memo.
pub async fn read(
    State(app): State<App>,
    Reader(user): Reader,
    PathId(id): PathId,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let memo = app.catalog(&user).read(id).await?;
    if known.has(memo.version) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag(memo.version)?)]).into_response());
    }
    memo_response(StatusCode::OK, id, memo)
}

/// Replaces a memo's text, and the rest as far as it is given.
pub async fn replace(
    State(app): State<App>,
    Writer(user): Writer,
    PathId(id): PathId,
    condition: IfMatch,
    Json(body): Json<ReplaceBody>,
) -> Result<Response, Problem> {
    edit(&app.catalog(&user), id, &condition, body.into()).await
}

/// Changes parts of a memo.
pub async fn patch(
    State(app): State<App>,
    Writer(user): Writer,
    PathId(id): PathId,
    condition: IfMatch,
    MergePatch(body): MergePatch<PatchBody>,
) -> Result<Response, Problem> {
    edit(&app.catalog(&user), id, &condition, body.into()).await
}

async fn edit(catalog: &Catalog<'_>, id: MemoId, condition: &IfMatch, edit: Edit) -> Result<Response, Problem> {
    let version = expected_version(catalog, id, condition).await?;
    let memo = catalog
        .edit(id, version, edit)
        .await
        .map_err(|error| refusal(id, error))?;
    memo_response(StatusCode::OK, id, memo)
}

/// Puts a memo into the trash; one that is there goes for good.
pub async fn delete(
    State(app): State<App>,
    Writer(user): Writer,
    PathId(id): PathId,
    condition: IfMatch,
) -> Result<Response, Problem> {
    let catalog = app.catalog(&user);
    let version = expected_version(&catalog, id, &condition).await?;
    let deleted = catalog.delete(id, version).await.map_err(|error| refusal(id, error))?;
    Ok(match deleted {
        Deleted::ToTrash(memo) => (StatusCode::NO_CONTENT, [(header::ETAG, etag(memo.version)?)]).into_response(),
        Deleted::ForGood => StatusCode::NO_CONTENT.into_response(),
    })
}
