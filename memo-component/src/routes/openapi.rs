//! `GET /api/memos/openapi.json`: the description of this service for programs, which `openapi/` holds for people.

use axum::response::Response;
use common::http::{document::Document, problem::Problem};
use http::HeaderMap;

/// Made by the build out of `openapi/` and `common/openapi/`.
static DOCUMENT: Document = include!(concat!(env!("OUT_DIR"), "/openapi.rs"));

/// Shows the description.
pub async fn show(headers: HeaderMap) -> Result<Response, Problem> {
    DOCUMENT.answer(&headers)
}
