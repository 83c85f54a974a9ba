//! Error answers: problem details for HTTP APIs (RFC 9457).
//!
//! The policy: the client learns what *it* can do about an error, in words that are stable (`type`, `title`) or made
//! for it (`detail`, `errors`). What went wrong *inside* goes to the log with the request's id, and never to the
//! client. Absent is not failed: what isn't there is a 404, a store that doesn't answer a 503.
//!
//! Below the routes, errors know nothing of HTTP: each concept has one error enum, and one conversion into a
//! [`Problem`] beside it.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::problems::{self, Kind};
use crate::{config::ConfigErrors, store::kv::KvError, world::random::RandomError};

/// One field of a request that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name or path, as the client sent it.
    pub field: String,
    /// What is wrong with it, as a sentence.
    pub detail: String,
}

impl FieldError {
    /// Says that `field` is wrong in this way.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            detail: detail.into(),
        }
    }
}

/// What goes to the log about an error, and not to the client.
#[derive(Clone, Debug)]
pub struct Cause(pub String);

/// An error answer on its way.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    more: Box<More>,
}

/// What few problems have. Boxed, so that an answer which may be a problem is not as large as one.
#[derive(Clone, Debug, Default)]
struct More {
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<Cause>,
}

impl Problem {
    /// A problem of this kind that needs nothing but a detail: a sentence for the client.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            more: Box::default(),
        }
    }

    /// 400: a header is malformed, or the body did not arrive.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(&problems::BAD_REQUEST, detail)
    }

    /// 401 with a Bearer challenge (RFC 6750 §3). `error` is its error code; absent when no token was sent.
    pub fn unauthorized(error: Option<&'static str>, detail: &'static str) -> Self {
        let challenge = match error {
            Some(error) => format!("Bearer realm=\"memo\", error=\"{error}\", error_description=\"{detail}\""),
            None => "Bearer realm=\"memo\"".to_owned(),
        };
        let problem = Self::new(&problems::UNAUTHORIZED, detail);
        match HeaderValue::try_from(challenge) {
            Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
            Err(_) => problem,
        }
    }

    /// 404: no such thing, as far as the caller may know.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(&problems::NOT_FOUND, detail)
    }

    /// 405, with the methods that would do in `Allow`, where axum has put it already.
    pub fn method_not_allowed() -> Self {
        Self::new(
            &problems::METHOD_NOT_ALLOWED,
            "The Allow header names the methods that this resource knows.",
        )
    }

    /// 409: another change of the same thing is under way. It can be tried again after `retry_after`.
    pub fn conflict(detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(&problems::CONFLICT, detail).with_retry_after(retry_after)
    }

    /// 412: the change was meant for a version that is past.
    pub fn stale_version(current: u64) -> Self {
        let detail = format!("The current version is {current}; read it and decide again.");
        let problem = Self::new(&problems::STALE_VERSION, detail).with_member("current_version", current);
        match HeaderValue::try_from(format!("\"{current}\"")) {
            Ok(etag) => problem.with_header(header::ETAG, etag),
            Err(_) => problem,
        }
    }

    /// 422: well-formed, but these fields or parameters are not as they must be.
    pub fn invalid_request(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            &problems::INVALID_REQUEST,
            "Some fields are not as they must be; see errors.",
        );
        problem.more.errors = errors;
        problem
    }

    /// 429: too many tries; the next one is welcome after `retry_after`.
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let detail = format!("Try again in {} s.", whole_seconds(retry_after));
        Self::new(&problems::TOO_MANY_REQUESTS, detail).with_retry_after(retry_after)
    }

    /// 503: something that the service needs does not answer.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::new(
            &problems::UNAVAILABLE,
            "Nothing that was acknowledged is lost. Try again in a moment.",
        )
        .with_retry_after(Duration::from_secs(1))
        .with_cause(cause)
    }

    /// 503: variables hold what can't be used. Their names are told, because whoever runs the service sees this first; what
    /// is wrong with each goes to the log.
    pub fn misconfigured(errors: &ConfigErrors) -> Self {
        let variables = errors.variables().join(", ");
        let mut problem = Self::unavailable(errors);
        problem.detail = format!("The service can't start: these variables hold what can't be used: {variables}.");
        problem
    }

    /// 500: a fault of ours.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(
            &problems::INTERNAL,
            "The fault is ours; the log knows more under this request's id.",
        )
        .with_cause(cause)
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// The answer's kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// What went wrong, for the log: the cause where there is one.
    pub fn cause(&self) -> &str {
        self.more.cause.as_ref().map_or(&self.detail, |Cause(cause)| cause)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.insert(name, value);
        self
    }

    /// The same answer with `Retry-After` in seconds (RFC 9110 §10.2.3), which is at least one.
    fn with_retry_after(self, retry_after: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, whole_seconds(retry_after).into())
    }

    /// The same answer with an extension member of its kind (RFC 9457 §3.2).
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.members.insert(name.to_owned(), value.into());
        self
    }

    /// The answer's body, as a part of another one.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self.body()).unwrap_or_default()
    }

    fn body(&self) -> Body<'_> {
        Body {
            // The site explains every kind on one page.
            r#type: format!("/problems#{}", self.kind.slug),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            detail: &self.detail,
            errors: &self.more.errors,
            members: &self.more.members,
        }
    }

    fn with_cause(mut self, cause: impl std::fmt::Display) -> Self {
        self.more.cause = Some(Cause(cause.to_string()));
        self
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis().div_ceil(1000))
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The body of an answer, in RFC 9457's names; `errors` and what a kind adds are extension members.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.kind.status, self.more.headers, body).into_response();
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        if let Some(cause) = self.more.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl From<KvError> for Problem {
    fn from(error: KvError) -> Self {
        match error {
            KvError::TooLarge(_) => Self::new(&problems::BODY_TOO_LARGE, "This is more than the store takes."),
            KvError::Unavailable(_) | KvError::Refused(_) | KvError::Corrupt { .. } => Self::unavailable(error),
        }
    }
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        Self::unavailable(error)
    }
}
