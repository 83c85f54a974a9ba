//! `/api/memos`: the routes, their requests and their responses.

use axum::{
    Json as Answer,
    extract::{FromRequestParts, Path, State},
    response::{IntoResponse, Response},
};
use common::{
    http::{
        extract::{Json, Query},
        problem::{FieldError, Problem},
    },
    world::clock::{Timestamp, rfc3339},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{
    caller::Caller,
    conditions::{IfMatch, IfNoneMatch},
    idempotency_key::IdempotencyKey,
};
use crate::{
    App,
    catalog::{Catalog, Error},
    memo::{Content, Memo, MemoId, Text, Version},
};

/// How many memos a page has at most, and when the client does not say.
const PAGE_MAX: usize = 100;
const PAGE_DEFAULT: usize = 50;

/// The id in the path. One that can't be an id names no memo, which is a 404 like any other.
pub struct PathId(MemoId);

impl FromRequestParts<App> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let absent = || Problem::from(Error::Absent);
        let Path(id) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| absent())?;
        id.parse().map(Self).map_err(|_| absent())
    }
}

/// A memo as the API shows it.
#[derive(Serialize)]
pub struct MemoBody {
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
    Ok((status, [(header::ETAG, etag)], Answer(MemoBody::new(id, memo))).into_response())
}

/// Which part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// A page as the API shows it.
#[derive(Serialize)]
pub struct ListBody {
    items: Vec<MemoBody>,
    next_cursor: Option<String>,
}

/// Lists the caller's memos.
pub async fn list(
    State(app): State<App>,
    Caller(user): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Answer<ListBody>, Problem> {
    let refuse = |field, detail: String| Problem::invalid_request(vec![FieldError::new(field, detail)]);
    let limit = match query.limit.as_deref().map(str::parse) {
        None => PAGE_DEFAULT,
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
        Some(_) => {
            let detail = format!("It must be a number from 1 to {PAGE_MAX}.");
            return Err(refuse("limit", detail));
        }
    };
    let before = query.cursor.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| refuse("cursor", "It must be the next_cursor of an earlier page.".to_owned()))?;
    let page = Catalog::of(&user, &app.ports).page(before, limit).await?;
    Ok(Answer(ListBody {
        items: page
            .items
            .into_iter()
            .map(|(id, memo)| MemoBody::new(id, memo))
            .collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    }))
}

/// What a client writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteBody {
    #[serde(deserialize_with = "checked_text")]
    text: Text,
}

impl WriteBody {
    fn into_content(self) -> Content {
        Content { text: self.text }
    }
}

/// A text that obeys the rule for new ones.
fn checked_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    let text = String::deserialize(deserializer)?;
    Text::try_from(text).map_err(D::Error::custom)
}

/// Creates a memo.
pub async fn create(
    State(app): State<App>,
    Caller(user): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<WriteBody>,
) -> Result<Response, Problem> {
    let catalog = Catalog::of(&user, &app.ports);
    let (id, memo) = match key {
        Some(key) => catalog.create_once(&key, body.into_content()).await?,
        None => catalog.create(body.into_content()).await?,
    };
    let location = HeaderValue::try_from(format!("/api/memos/{id}")).map_err(Problem::internal)?;
    let mut response = memo_response(StatusCode::CREATED, id, memo)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Shows a memo.
pub async fn read(
    State(app): State<App>,
    Caller(user): Caller,
    PathId(id): PathId,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let memo = Catalog::of(&user, &app.ports).read(id).await?;
    if known.has(memo.version) {
        let etag = HeaderValue::try_from(memo.version.etag()).map_err(Problem::internal)?;
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    memo_response(StatusCode::OK, id, memo)
}

/// Replaces a memo's content.
pub async fn replace(
    State(app): State<App>,
    Caller(user): Caller,
    PathId(id): PathId,
    condition: IfMatch,
    Json(body): Json<WriteBody>,
) -> Result<Response, Problem> {
    let catalog = Catalog::of(&user, &app.ports);
    let version = expected_version(&catalog, id, &condition).await?;
    let memo = catalog.replace(id, version, body.into_content()).await?;
    memo_response(StatusCode::OK, id, memo)
}

/// Deletes a memo.
pub async fn remove(
    State(app): State<App>,
    Caller(user): Caller,
    PathId(id): PathId,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    let catalog = Catalog::of(&user, &app.ports);
    let version = expected_version(&catalog, id, &condition).await?;
    catalog.remove(id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The version that a change is meant for. Only a condition that leaves it open costs a read.
async fn expected_version(catalog: &Catalog<'_>, id: MemoId, condition: &IfMatch) -> Result<Version, Problem> {
    if let Some(version) = condition.only_version() {
        return Ok(version);
    }
    let current = catalog.read(id).await?.version;
    if condition.allows(current) {
        Ok(current)
    } else {
        Err(Error::Stale(current).into())
    }
}
