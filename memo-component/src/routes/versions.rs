//! `/api/memos/{id}/versions`: a memo's earlier texts.

use axum::{Json, extract::State, response::Response};
use common::{
    http::problem::Problem,
    world::clock::{Timestamp, rfc3339},
};
use http::StatusCode;
use serde::Serialize;

use super::{
    answer::{memo_response, refusal},
    caller::{Reader, Writer},
    conditions::{IfMatch, expected_if_given},
    path_id::{PathId, PathVersion},
};
use crate::{
    App,
    catalog::history::Earlier,
    memo::{Text, Version},
};

/// A text that the memo had, or has.
#[derive(Serialize)]
pub struct VersionBody {
    version: Version,
    text: Text,
    #[serde(with = "rfc3339")]
    written_at: Timestamp,
}

impl From<Earlier> for VersionBody {
    fn from(earlier: Earlier) -> Self {
        Self {
            version: earlier.version,
            text: earlier.text,
            written_at: earlier.written_at,
        }
    }
}

/// Earlier texts, newest first.
#[derive(Serialize)]
pub struct VersionsBody {
    items: Vec<VersionBody>,
}

/// Lists a memo's earlier texts.
pub async fn list(
    State(app): State<App>,
    Reader(user): Reader,
    PathId(id): PathId,
) -> Result<Json<VersionsBody>, Problem> {
    let (_, texts) = app.catalog(&user).versions(id).await?;
    Ok(Json(VersionsBody {
        items: texts.into_iter().map(VersionBody::from).collect(),
    }))
}

/// Shows one of a memo's texts.
pub async fn read(
    State(app): State<App>,
    Reader(user): Reader,
    PathVersion(id, version): PathVersion,
) -> Result<Json<VersionBody>, Problem> {
    let (_, text) = app.catalog(&user).version(id, version).await?;
    Ok(Json(text.into()))
}

/// Gives a memo one of its earlier texts again.
pub async fn restore(
    State(app): State<App>,
    Writer(user): Writer,
    PathVersion(id, version): PathVersion,
    condition: Option<IfMatch>,
) -> Result<Response, Problem> {
    let catalog = app.catalog(&user);
    let expected = expected_if_given(&catalog, id, condition).await?;
    let memo = catalog
        .restore_version(id, version, expected)
        .await
        .map_err(|error| refusal(id, error))?;
    memo_response(StatusCode::OK, id, memo)
}
