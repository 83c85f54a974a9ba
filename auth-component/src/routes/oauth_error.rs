//! Errors of the endpoints of OAuth, in RFC 6749's words (§5.2).

use axum::{
    Json as Answer,
    response::{IntoResponse, Response},
};
use common::http::{problem::Problem, problems};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{records::session, sign_in};

/// An error in RFC 6749 §5.2's words, or, for a body that is not of the endpoint's type, as everywhere.
pub enum Error {
    /// 400 with this code and description.
    Refused(&'static str, String),
    /// 401: a secret was shown in a header, and no program has one.
    SecretShown,
    /// What went wrong before or behind the endpoint, told in its words.
    Fault(Problem),
    /// What went wrong before the endpoint could know that it is spoken to.
    Problem(Problem),
}

impl Error {
    /// The request is not as it has to be.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::Refused("invalid_request", description.into())
    }

    /// What is shown is not good, or not for who shows it.
    pub fn invalid_grant(description: &str) -> Self {
        Self::Refused("invalid_grant", description.to_owned())
    }

    /// No program has the id.
    pub fn invalid_client() -> Self {
        Self::Refused(
            "invalid_client",
            "no program has this client_id; register again".to_owned(),
        )
    }
}

impl From<sign_in::Error> for Error {
    fn from(error: sign_in::Error) -> Self {
        match error {
            sign_in::Error::Session(error) => error.into(),
            error => Self::Fault(error.into()),
        }
    }
}

impl From<session::Error> for Error {
    fn from(error: session::Error) -> Self {
        match error {
            session::Error::Ended => {
                Self::invalid_grant("it is not or no longer good, or was given to another program")
            }
            error => Self::Fault(error.into()),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}

/// The error code and the description for a problem.
///
/// RFC 6749 has no code for too many tries; `slow_down` is RFC 8628's, for the same endpoint.
fn code_of(problem: &Problem) -> (&'static str, &'static str) {
    if *problem.kind() == problems::TOO_MANY_REQUESTS {
        return (
            "slow_down",
            "too many tries; Retry-After says when the next one is welcome",
        );
    }
    match problem.status() {
        StatusCode::SERVICE_UNAVAILABLE => ("temporarily_unavailable", "try again in a moment"),
        status if status.is_server_error() => ("server_error", "the fault is ours"),
        StatusCode::PAYLOAD_TOO_LARGE => ("invalid_request", "the body is too large"),
        _ => ("invalid_request", "the body did not arrive whole"),
    }
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (error, error_description, mut response) = match self {
            Self::Problem(problem) => return problem.into_response(),
            Self::Refused(error, description) => (error, description, StatusCode::BAD_REQUEST.into_response()),
            Self::SecretShown => {
                let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"memo\"")];
                let response = (StatusCode::UNAUTHORIZED, challenge).into_response();
                (
                    "invalid_client",
                    "programs have no secret; send client_id alone".to_owned(),
                    response,
                )
            }
            Self::Fault(problem) => {
                let (error, description) = code_of(&problem);
                // Its status, its headers, and its cause for the log.
                (error, description.to_owned(), problem.into_response())
            }
        };
        let body = ErrorBody {
            error,
            error_description,
        };
        *response.body_mut() = Answer(body).into_response().into_body();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }
}
