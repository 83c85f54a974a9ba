//! `POST /api/auth/token`: tokens for programs (RFC 6749 §4.3, §5 and §6).

use axum::{
    Json as Answer,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use common::http::{
    extract::{expect_content_type, read_body},
    problem::Problem,
    problems,
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{
    client::Client,
    signing_in::{begin_by_password, go_on},
};
use crate::{
    App,
    records::{
        refresh_token::RefreshToken,
        session::{self, Session},
    },
    sign_in::{self, Credentials, second_factor::Shown},
    tokens::access_token,
};

/// The client that is assumed where none is named.
const CLIENT_DEFAULT: &str = "memo-cli";

/// A form's parameters.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body; whatever it is, it is some form.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// A parameter's value. One without a value is as good as absent, and none may come twice (RFC 6749 §3.2).
    pub(crate) fn get(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self
            .0
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Error::invalid_request(format!("{name} was sent more than once"))),
        }
    }

    pub(crate) fn need(&self, name: &str) -> Result<&str, Error> {
        self.get(name)?
            .ok_or_else(|| Error::invalid_request(format!("{name} is missing")))
    }

    /// The client's name for itself, where it is one that can stand in a token and a log.
    pub(crate) fn client_id(&self) -> Result<Option<&str>, Error> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let sane = |id: &&str| id.len() <= 64 && id.bytes().all(safe);
        Ok(self.get("client_id")?.filter(sane))
    }
}

/// RFC 6749 §5.1.
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    /// Absent where the one that was sent stays good.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Grants tokens for a password, or for a refresh token.
///
/// # Errors
/// In RFC 6749's words.
pub async fn grant(State(app): State<App>, client: Client, request: Request) -> Result<Response, Error> {
    if request.uri().query().is_some() {
        // Query strings end up in logs and histories (RFC 6749 §2.3.1).
        return Err(Error::invalid_request("parameters belong in the body".to_owned()));
    }
    expect_content_type(request.headers(), "application/x-www-form-urlencoded").map_err(Error::Problem)?;
    let form = Form::parse(&read_body(request, &app).await?);
    let (session, refresh_token) = match form.need("grant_type")? {
        "password" => by_password(&app, &form, &client).await?,
        "refresh_token" => by_refresh_token(&app, &form, &client).await?,
        _ => {
            return Err(Error::Refused(
                "unsupported_grant_type",
                "password and refresh_token are supported".to_owned(),
            ));
        }
    };
    let tokens = Tokens {
        access_token: access_token::issue(&app.ports, &app.keys, &app.profile, &session).await?,
        token_type: "Bearer",
        expires_in: access_token::TTL.as_secs(),
        scope: access_token::scope_of_a_session(),
        refresh_token: refresh_token.map(|token| token.to_text()),
    };
    Ok(([(header::PRAGMA, "no-cache")], Answer(tokens)).into_response())
}

async fn by_password(app: &App, form: &Form, client: &Client) -> Result<(Session, Option<RefreshToken>), Error> {
    let credentials = Credentials {
        username: form.need("username")?.to_owned(),
        password: form.need("password")?.to_owned(),
        second: form.get("code")?.map(|code| Shown::Code(code.to_owned())),
    };
    let client_id = form.client_id()?.unwrap_or(CLIENT_DEFAULT);
    let place = client.place(client_id, false);
    let begun = begin_by_password(app, client, place, credentials).await?;
    let (session, token, _) = begun;
    Ok((session, Some(token)))
}

async fn by_refresh_token(app: &App, form: &Form, client: &Client) -> Result<(Session, Option<RefreshToken>), Error> {
    let token = RefreshToken::parse(form.need("refresh_token")?).ok_or(session::Error::Ended)?;
    Ok(go_on(app, client, &token).await?)
}

/// An error in RFC 6749 §5.2's words, or, for a body that is no form, as everywhere.
pub enum Error {
    /// 400 with this code and description.
    Refused(&'static str, String),
    /// What went wrong before or behind the endpoint, told in its words.
    Fault(Problem),
    /// What went wrong before the endpoint could know that it is spoken to.
    Problem(Problem),
}

impl Error {
    fn invalid_request(description: String) -> Self {
        Self::Refused("invalid_request", description)
    }

    fn invalid_grant(description: &str) -> Self {
        Self::Refused("invalid_grant", description.to_owned())
    }
}

impl From<sign_in::Error> for Error {
    fn from(error: sign_in::Error) -> Self {
        match error {
            sign_in::Error::WrongCredentials(_) => Self::invalid_grant("no user has this name and password"),
            sign_in::Error::SecondFactorMissing(_) => {
                Self::invalid_grant("the user has a second factor; send its code as well")
            }
            sign_in::Error::WrongSecondFactor(..) => {
                Self::invalid_grant("the code of the second factor is wrong or was used")
            }
            sign_in::Error::BeingDeleted(_) => Self::invalid_grant("the account is being deleted"),
            sign_in::Error::Session(error) => error.into(),
            error => Self::Fault(error.into()),
        }
    }
}

impl From<session::Error> for Error {
    fn from(error: session::Error) -> Self {
        match error {
            session::Error::Ended => Self::invalid_grant("the refresh token is not or no longer good"),
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
