//! Requests parsed into types, or refused as problems.

use std::fmt::Display;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::QueryRejection},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::de::{Deserialize, DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::{
    problem::{FieldError, Problem},
    problems,
};

/// A JSON body. Unlike axum's own it tells apart what is not JSON (400) and what is not the type (422, with the
/// field's path), and answers as a problem.
///
/// Depth is limited by serde_json (128 levels), size by the router's body limit.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        expect_content_type(request.headers(), "application/json")?;
        read_json(request, state).await.map(Self)
    }
}

/// A JSON merge patch (RFC 7396) as a body. Plain JSON will do as well, because that is what most people's tools send.
pub struct MergePatch<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for MergePatch<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        expect_content_type(request.headers(), "application/json")
            .or_else(|_| expect_content_type(request.headers(), "application/merge-patch+json"))?;
        read_json(request, state).await.map(Self)
    }
}

async fn read_json<T: DeserializeOwned, S: Send + Sync>(request: Request, state: &S) -> Result<T, Problem> {
    let body = read_body(request, state).await?;
    let mut json = serde_json::Deserializer::from_slice(&body);
    // A derived type would take a list of its fields' values as well.
    let is_list = body.trim_ascii_start().starts_with(b"[");
    let value = if is_list {
        deserialize::<IgnoredAny>(&mut json).and_then(|_| Err(no_object()))
    } else {
        deserialize(&mut json)
    }?;
    json.end().map_err(|error| refuse(".", error))?;
    Ok(value)
}

fn no_object() -> Problem {
    Problem::invalid_request(vec![FieldError::new(".", "It must be an object.")])
}

/// A part of a JSON body, parsed into its type.
///
/// # Errors
/// 422 with the field's path.
pub fn parse_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    if value.is_array() {
        return Err(no_object());
    }
    deserialize(value)
}

fn deserialize<'de, T: Deserialize<'de>>(
    json: impl serde::Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Problem> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        refuse(&path, error.into_inner())
    })
}

fn refuse(path: &str, error: serde_json::Error) -> Problem {
    if error.is_data() {
        // serde's line and column are dropped: the field's path says more.
        let position = format!(" at line {} column {}", error.line(), error.column());
        let detail = error.to_string().trim_end_matches(&position).to_owned();
        Problem::invalid_request(vec![FieldError::new(path, detail)])
    } else {
        Problem::new(&problems::INVALID_JSON, error.to_string())
    }
}

/// A query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parsed: Result<_, QueryRejection> = axum::extract::Query::from_request_parts(parts, state).await;
        match parsed {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::invalid_request(vec![FieldError::new(
                "query",
                root_cause(&rejection),
            )])),
        }
    }
}

/// The innermost words of an error: axum's outer ones speak of "deserialization".
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The whole body.
///
/// # Errors
/// 413 over the router's limit; 400 when it does not arrive.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(&problems::BODY_TOO_LARGE, "The service reads no more than its limit.")
            }
            _ => Problem::bad_request("The body did not arrive whole."),
        })
}

/// Refuses a body that is not `expected`.
///
/// # Errors
/// 415 when the content type is missing or another. Parameters such as `charset` are not looked at.
pub fn expect_content_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(Problem::new(
        &problems::UNSUPPORTED_MEDIA_TYPE,
        format!("Send {expected}."),
    ))
}

/// The one value of a header, where it is there.
///
/// # Errors
/// 400 when it comes more than once or is not visible ASCII.
pub fn header_text<'a>(headers: &'a HeaderMap, name: &(impl AsRef<str> + Display)) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name.as_ref()).iter();
    let (first, second) = (values.next(), values.next());
    match (first, second) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value
                .to_str()
                .map_err(|_| Problem::bad_request(format!("{name} is not visible ASCII.")))?;
            Ok(Some(text))
        }
        _ => Err(Problem::bad_request(format!("{name} was sent more than once."))),
    }
}
