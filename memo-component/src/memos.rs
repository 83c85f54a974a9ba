//! `/api/memos`: the routes, their requests and their responses.

use axum::{
    Router,
    extract::{FromRequestParts, Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use common::{
    clock::{Timestamp, rfc3339},
    extract::{Json, Query},
    problem::{FieldError, Problem},
    token::UserId,
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::{Deserialize, Serialize};

use crate::{
    App,
    catalog::{Catalog, Refusal},
    idempotency::{OptionalKey, create_once},
    memo::{Memo, MemoId, Text, Version},
    precondition::{IfMatch, IfNoneMatch},
};

/// How many memos a page has at most, and when the client does not say.
const PAGE_MAX: usize = 100;
const PAGE_DEFAULT: usize = 50;

/// The routes of this resource.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/memos", get(list).post(create))
        .route("/api/memos/{id}", get(read).put(replace).delete(remove))
}

/// Who asks: the user of the request's access token.
struct Caller(UserId);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = app.authenticator.authenticate(&parts.headers).await?;
        Ok(Self(token.claims.sub.clone()))
    }
}

/// The id in the path. One that can't be an id names no memo, which is a 404 like any other.
struct PathId(MemoId);

impl FromRequestParts<App> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let absent = || Problem::from(Refusal::Absent);
        let Path(id) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| absent())?;
        id.parse().map(Self).map_err(|_| absent())
    }
}

/// A memo as the API shows it.
#[derive(Serialize)]
struct MemoBody {
    id: String,
    text: Text,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    #[serde(with = "rfc3339")]
    updated_at: Timestamp,
    version: Version,
}

impl MemoBody {
    fn new(id: MemoId, memo: Memo) -> Self {
        let Memo {
            text,
            created_at,
            updated_at,
            version,
        } = memo;
        Self {
            id: id.to_string(),
            text,
            created_at,
            updated_at,
            version,
        }
    }
}

fn memo_response(status: StatusCode, id: MemoId, memo: Memo) -> Result<Response, Problem> {
    let etag = HeaderValue::try_from(memo.version.etag()).map_err(Problem::internal)?;
    Ok((status, [(header::ETAG, etag)], axum::Json(MemoBody::new(id, memo))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct ListBody {
    items: Vec<MemoBody>,
    next_cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Caller(user): Caller,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<ListBody>, Problem> {
    let refuse = |field, detail: &str| Problem::invalid_request(vec![FieldError::new(field, detail)]);
    let limit = match query.limit.as_deref().map(str::parse) {
        None => PAGE_DEFAULT,
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
        Some(_) => return Err(refuse("limit", "must be a number from 1 to 100")),
    };
    let before = query.cursor.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| refuse("cursor", "must be the next_cursor of an earlier page"))?;
    let page = Catalog::of(&user, &app.ports).page(before, limit).await?;
    Ok(axum::Json(ListBody {
        items: page
            .items
            .into_iter()
            .map(|(id, memo)| MemoBody::new(id, memo))
            .collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteBody {
    text: Text,
}

async fn create(
    State(app): State<App>,
    Caller(user): Caller,
    OptionalKey(key): OptionalKey,
    Json(body): Json<WriteBody>,
) -> Result<Response, Problem> {
    let catalog = Catalog::of(&user, &app.ports);
    let (id, memo) = match key {
        Some(key) => create_once(&catalog, &app.ports, &key, body.text).await??,
        None => catalog.create(body.text).await?,
    };
    let location = HeaderValue::try_from(format!("/api/memos/{id}")).map_err(Problem::internal)?;
    let mut response = memo_response(StatusCode::CREATED, id, memo)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

async fn read(
    State(app): State<App>,
    Caller(user): Caller,
    PathId(id): PathId,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let memo = Catalog::of(&user, &app.ports).read(id).await?.ok_or(Refusal::Absent)?;
    if known.has(memo.version) {
        let etag = HeaderValue::try_from(memo.version.etag()).map_err(Problem::internal)?;
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    memo_response(StatusCode::OK, id, memo)
}

async fn replace(
    State(app): State<App>,
    Caller(user): Caller,
    PathId(id): PathId,
    condition: IfMatch,
    Json(body): Json<WriteBody>,
) -> Result<Response, Problem> {
    let catalog = Catalog::of(&user, &app.ports);
    let version = expected_version(&catalog, id, &condition).await?;
    let memo = catalog.replace(id, version, body.text).await??;
    memo_response(StatusCode::OK, id, memo)
}

async fn remove(
    State(app): State<App>,
    Caller(user): Caller,
    PathId(id): PathId,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    let catalog = Catalog::of(&user, &app.ports);
    let version = expected_version(&catalog, id, &condition).await?;
    catalog.remove(id, version).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// The version that a change is meant for. Only a condition that leaves it open costs a read.
async fn expected_version(catalog: &Catalog<'_>, id: MemoId, condition: &IfMatch) -> Result<Version, Problem> {
    if let Some(version) = condition.only_version() {
        return Ok(version);
    }
    let current = catalog.read(id).await?.ok_or(Refusal::Absent)?.version;
    if condition.allows(current) {
        Ok(current)
    } else {
        Err(Refusal::Stale(current).into())
    }
}
