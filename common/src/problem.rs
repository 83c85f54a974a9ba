//! Error answers: problem details for HTTP APIs (RFC 9457).
//!
//! The policy: the client learns what *it* can do about an error, in words that are stable (`type`, `title`) or made
//! for it (`detail`, `errors`). What went wrong *inside* goes to the log with the request's id, and never to the
//! client. Absent is not failed: what isn't there is a 404, a store that doesn't answer a 503.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{kv::KvError, random::RandomError};

/// One field of a request that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name or path, as the client sent it.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// `field` is wrong in this way.
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
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
    more: Box<More>,
}

/// What few problems have. Boxed, so that an answer which may be a problem is not as large as one.
#[derive(Clone, Debug, Default)]
struct More {
    errors: Vec<FieldError>,
    current_version: Option<u64>,
    headers: HeaderMap,
    cause: Option<Cause>,
}

/// Names the constructors of the problems that need nothing but a detail.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $status:ident, $slug:literal, $title:literal;)*) => {
        $($(#[$doc])*
        pub fn $name(detail: impl Into<String>) -> Self {
            Self::new(StatusCode::$status, $slug, $title, detail)
        })*
    };
}

impl Problem {
    fn new(status: StatusCode, slug: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            slug,
            title,
            detail: detail.into(),
            more: Box::default(),
        }
    }

    problems! {
        /// 400: the body is not JSON at all.
        invalid_json: BAD_REQUEST, "invalid-json", "The body is not valid JSON";
        /// 400: a header or a parameter is malformed.
        bad_request: BAD_REQUEST, "bad-request", "The request is malformed";
        /// 403: known, but not allowed.
        forbidden: FORBIDDEN, "forbidden", "Not allowed";
        /// 404: no such thing, as far as the caller may know.
        not_found: NOT_FOUND, "not-found", "Not found";
        /// 409: another change of the same thing is under way.
        conflict: CONFLICT, "conflict", "Another change is under way";
        /// 409: the name belongs to somebody.
        username_taken: CONFLICT, "username-taken", "The username is taken";
        /// 413: more than the service reads.
        body_too_large: PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large";
        /// 415: not the content type that the service reads.
        unsupported_media_type: UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported content type";
        /// 422: an idempotency key was sent before, with another request.
        idempotency_key_reused: UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The idempotency key was used before";
        /// 428: a change must say which version it is meant for (RFC 6585 §3).
        precondition_required: PRECONDITION_REQUIRED, "precondition-required", "If-Match is required";
    }

    /// 401 with a Bearer challenge (RFC 6750 §3). `error` is its error code; absent when no token was sent.
    pub fn unauthorized(error: Option<&'static str>, detail: &'static str) -> Self {
        let challenge = match error {
            Some(error) => format!("Bearer realm=\"memo\", error=\"{error}\", error_description=\"{detail}\""),
            None => "Bearer realm=\"memo\"".to_owned(),
        };
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Sign in first", detail);
        match HeaderValue::try_from(challenge) {
            Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
            Err(_) => problem,
        }
    }

    /// 401: the name or the password is wrong; which of them is not told.
    pub fn wrong_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong-credentials",
            "Wrong username or password",
            "No user has this name and password.",
        )
    }

    /// 405, with the methods that would do in `Allow`, where axum has put it already.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "The Allow header names the methods that this resource knows.",
        )
    }

    /// 412: the change was meant for a version that is past.
    pub fn stale_version(current: u64) -> Self {
        let detail = format!("The current version is {current}; read it and decide again.");
        let mut problem = Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale-version",
            "The version is stale",
            detail,
        );
        problem.more.current_version = Some(current);
        match HeaderValue::try_from(format!("\"{current}\"")) {
            Ok(etag) => problem.with_header(header::ETAG, etag),
            Err(_) => problem,
        }
    }

    /// 422: well-formed, but these fields are not as they must be.
    pub fn invalid_request(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-request",
            "The request is not acceptable",
            "Some fields are not as they must be; see errors.",
        );
        problem.more.errors = errors;
        problem
    }

    /// 429: too often.
    pub fn too_many_requests(retry_after_secs: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests",
            format!("Try again in {retry_after_secs} s."),
        )
        .with_header(header::RETRY_AFTER, retry_after_secs.into())
    }

    /// 503: something that the service needs does not answer.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store-unavailable",
            "The service can't reach what it needs",
            "Nothing that was acknowledged is lost. Try again in a moment.",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"));
        problem.more.cause = Some(Cause(cause.to_string()));
        problem
    }

    /// 500: a fault of ours.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "The fault is ours; the log knows more under this request's id.",
        );
        problem.more.cause = Some(Cause(cause.to_string()));
        problem
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.insert(name, value);
        self
    }
}

/// The body of an answer, in RFC 9457's names; `errors` and `current_version` are extension members.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<u64>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            // The site explains every type on one page.
            r#type: format!("/problems#{}", self.slug),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.more.errors,
            current_version: self.more.current_version,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, self.more.headers, body).into_response();
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
            KvError::TooLarge(_) => Self::body_too_large("This is more than the store takes."),
            KvError::Unavailable(_) | KvError::Refused(_) | KvError::Corrupt { .. } => Self::unavailable(error),
        }
    }
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        Self::unavailable(error)
    }
}
