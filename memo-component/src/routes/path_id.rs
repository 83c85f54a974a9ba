//! The ids in a path, as extractors. What can't be an id names nothing, which is a 404 like any other.

use axum::extract::{FromRequestParts, Path};
use common::http::problem::Problem;
use http::request::Parts;

use crate::{
    App,
    catalog::Error,
    memo::{MemoId, Version},
};

/// The memo of `/{id}`.
pub struct PathId(pub MemoId);

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

/// The memo and the version of `/{id}/versions/{version}`.
pub struct PathVersion(pub MemoId, pub Version);

impl FromRequestParts<App> for PathVersion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let absent = || Problem::not_found("The memo has no such version.");
        let Path((id, version)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| absent())?;
        let id = id.parse().map_err(|_| absent())?;
        // Both are counted from 1, and spelled in one way.
        let MemoId(version) = version.parse().map_err(|_| absent())?;
        Ok(Self(id, Version(version)))
    }
}
