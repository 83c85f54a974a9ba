//! Exports and imports.

use axum::body::Body;
use common::testing::respond;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

use super::{Answer, TestApp};

pub const LINES: &str = "application/x-ndjson";
pub const ZIP: &str = "application/zip";

/// Everything that somebody has; `query` begins with `?` where there is one.
pub async fn export(app: &TestApp, user: &str, query: &str) -> Vec<u8> {
    try_export(app, user, query).await.unwrap()
}

/// The same where the stream may be cut off: then `None`.
pub async fn try_export(app: &TestApp, user: &str, query: &str) -> Option<Vec<u8>> {
    let response = respond(&app.router, request(app, user, query)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.ok()?;
    Some(body.to_bytes().to_vec())
}

pub fn request(app: &TestApp, user: &str, query: &str) -> Request<Body> {
    let request = Request::get(format!("/api/memos/export{query}"));
    let token = format!("Bearer {}", app.token(user));
    request.header("authorization", token).body(Body::empty()).unwrap()
}

/// Sends a body for import in pieces of that many bytes.
pub async fn import_in(app: &TestApp, user: &str, kind: &str, body: &[u8], piece: usize) -> Answer {
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = body.chunks(piece).map(|piece| Ok(piece.to_vec())).collect();
    let body = Body::from_stream(futures::stream::iter(pieces));
    app.send(import_request(app, user, kind, body)).await
}

pub fn import_request(app: &TestApp, user: &str, kind: &str, body: Body) -> Request<Body> {
    let request = Request::post("/api/memos/import").header("content-type", kind);
    let token = format!("Bearer {}", app.token(user));
    request.header("authorization", token).body(body).unwrap()
}

/// Sends a body for import, which must be taken; what the answer says.
pub async fn import(app: &TestApp, user: &str, kind: &str, body: &[u8]) -> Value {
    let answer = import_in(app, user, kind, body, 64 * 1024).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body
}

/// How many were made and how many were there already, of an import in which nothing failed and nothing is left.
pub fn counts(answer: &Value) -> (u64, u64) {
    assert_eq!(
        (&answer["failed"], &answer["more"]),
        (&Value::Array(vec![]), &Value::Bool(false))
    );
    (answer["created"].as_u64().unwrap(), answer["skipped"].as_u64().unwrap())
}
