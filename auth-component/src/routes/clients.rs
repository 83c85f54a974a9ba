//! `/api/auth/clients`: programs register here (RFC 7591), and a person sees and ends what programs of theirs are connected.
//!
//! Anybody may register a program, and nothing is checked of what it says of itself: it is for the person to decide, who is
//! shown where the answer goes. What is registered is a name and addresses; there are no secrets.

use axum::{
    Json as Answer,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use common::{
    http::{
        extract::{expect_content_type, read_body},
        problem::{FieldError, Problem},
    },
    world::clock::{Timestamp, rfc3339},
};
use http::StatusCode;
use serde::Serialize;

use super::{caller::AccountCaller, client::Client, oauth_error::Error};
use crate::{
    App,
    client_metadata::{ClientMetadata, Refused},
    due,
    records::{
        client::{self, Program},
        label::Label,
        program_scope::ProgramScope,
        redirect_uri::RedirectUri,
    },
    security_event::{Event, Outcome},
    sessions::programs::{self, Connection},
    sign_in::throttle::{self, Action},
};

/// A program as the API shows it.
#[derive(Serialize)]
pub struct ProgramBody {
    client_id: String,
    client_name: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String>,
}

impl ProgramBody {
    /// The program of that id.
    pub fn new(client_id: String, program: Program) -> Self {
        Self {
            client_id,
            client_name: program.name,
            client_uri: program.uri,
        }
    }
}

/// The problem that no program has the id.
pub fn unknown() -> Problem {
    let detail = "No program is registered by this id, or none any more.";
    Problem::invalid_request(vec![FieldError::new("client_id", detail)])
}

/// RFC 7591 §3.2.1: what was registered, which is not always what was wished for.
#[derive(Serialize)]
struct RegisteredBody {
    #[serde(flatten)]
    program: ProgramBody,
    client_id_issued_at: u64,
    redirect_uris: Vec<RedirectUri>,
    token_endpoint_auth_method: &'static str,
    grant_types: [&'static str; 2],
    response_types: [&'static str; 1],
    scope: ProgramScope,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.error, refused.description)
    }
}

/// Registers a program.
///
/// # Errors
/// In RFC 7591's words, which are those of RFC 6749.
pub async fn register(State(app): State<App>, client: Client, request: Request) -> Result<Response, Error> {
    expect_content_type(request.headers(), "application/json").map_err(Error::Problem)?;
    let metadata = ClientMetadata::parse(&read_body(request, &app).await?)?;
    let admitted = throttle::admit(&app.ports, Action::RegisterClient, "", client.network()).await;
    admitted.map_err(Problem::from)?;
    let id = app.ports.random.token::<16>().map_err(Problem::from)?;
    let registered = async {
        // Before it is there, so that none stays for ever.
        due::enlist_client(&app.ports, &id, app.ports.clock.now() + client::UNUSED_KEPT).await?;
        client::create(&app.ports, &id, metadata.program, metadata.redirect_uris).await
    };
    let registered = registered.await.map_err(Problem::from)?;
    let body = RegisteredBody {
        program: ProgramBody::new(id, registered.program),
        client_id_issued_at: registered.created_at.as_secs(),
        redirect_uris: registered.redirect_uris,
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        scope: ProgramScope::all(),
    };
    Ok((StatusCode::CREATED, Answer(body)).into_response())
}

/// The programs that are connected with the caller's account.
#[derive(Serialize)]
pub struct ConnectionsBody {
    items: Vec<ConnectionBody>,
}

#[derive(Serialize)]
struct ConnectionBody {
    #[serde(flatten)]
    program: ProgramBody,
    scope: ProgramScope,
    #[serde(with = "rfc3339")]
    connected_at: Timestamp,
    #[serde(with = "rfc3339")]
    last_used_at: Timestamp,
}

impl From<Connection> for ConnectionBody {
    fn from(connection: Connection) -> Self {
        Self {
            program: ProgramBody::new(connection.client_id, connection.program),
            scope: connection.scope,
            connected_at: connection.connected_at,
            last_used_at: connection.last_used_at,
        }
    }
}

/// Shows the programs that are connected with the caller's account, the latest first.
pub async fn list(
    State(app): State<App>,
    AccountCaller(caller): AccountCaller,
) -> Result<Answer<ConnectionsBody>, Problem> {
    let connections = programs::connections(&app.ports, &caller.id, &caller.user).await?;
    Ok(Answer(ConnectionsBody {
        items: connections.into_iter().map(ConnectionBody::from).collect(),
    }))
}

/// Disconnects a program: all sessions end that it has with the caller's account.
pub async fn disconnect(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Path(client_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let ended = programs::disconnect(&app.ports, &caller.id, &client_id).await?;
    if ended.is_empty() {
        return Err(Problem::not_found(
            "No program of this id is connected with your account.",
        ));
    }
    let mut event = client.event(Event::ProgramDisconnected, Outcome::Success);
    (event.user_id, event.by_session_id) = (Some(&caller.id), Some(caller.session.id.as_str()));
    event.client_id = Some(&client_id);
    event.log(&app.ports);
    Ok(StatusCode::NO_CONTENT)
}
