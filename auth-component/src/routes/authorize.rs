//! `/api/auth/authorize`: what the site's page `/authorize` asks, before and after it asks the person (RFC 6749 §4.1).
//!
//! The page gets its address from a program, and passes the parameters on as they stand there; one that stands there twice it
//! must not pass on. An answer `redirect_to` is where the browser goes next, whatever it says.

use axum::{Json as Answer, extract::State};
use common::http::{
    extract::Json,
    problem::{FieldError, Problem},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    authorization_server::AuthorizationServer,
    caller::{AccountCaller, Caller},
    clients::{ProgramBody, unknown},
};
use crate::{
    App,
    authorization::{self, AuthorizationRequest, DENIED, Parameters, Refusal, Wanted},
    records::program_scope::ProgramScope,
    sessions::programs::{self, Allowed},
    sign_in::throttle::{self, Action},
};

impl From<authorization::Error> for Problem {
    fn from(error: authorization::Error) -> Self {
        match error {
            authorization::Error::UnknownClient => unknown(),
            authorization::Error::UnknownRedirect => {
                let detail = "The program did not register that its answers may go there.";
                Self::invalid_request(vec![FieldError::new("redirect_uri", detail)])
            }
            authorization::Error::Store(error) => error.into(),
        }
    }
}

/// What the page does next.
#[derive(Serialize)]
#[serde(untagged)]
pub enum AskBody {
    /// It asks the person.
    Ask {
        /// Which program asks.
        client: ProgramBody,
        /// Where the answer goes, as far as a person can know it.
        redirect_origin: String,
        /// What the program wants to do.
        scope: ProgramScope,
    },
    /// It tells the program what is wrong.
    Redirect(RedirectBody),
}

/// Where the browser goes next.
#[derive(Serialize)]
pub struct RedirectBody {
    redirect_to: String,
}

impl RedirectBody {
    /// Back to the program, with what came of its request, with its own state and with who answers (RFC 9207).
    fn new(request: &AuthorizationRequest, server: &AuthorizationServer, outcome: &[(&str, &str)]) -> Self {
        let mut parameters = outcome.to_vec();
        if let Some(state) = &request.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", &server.issuer));
        Self {
            redirect_to: request.redirect_uri.with(&parameters),
        }
    }

    fn refusal(request: &AuthorizationRequest, server: &AuthorizationServer, refusal: Refusal) -> Self {
        let outcome = [("error", refusal.error), ("error_description", refusal.description)];
        Self::new(request, server, &outcome)
    }
}

/// Tells what the person is to be asked, or where the browser goes without that.
pub async fn ask(
    State(app): State<App>,
    AccountCaller(_): AccountCaller,
    server: AuthorizationServer,
    Json(parameters): Json<Parameters>,
) -> Result<Answer<AskBody>, Problem> {
    let request = authorization::read(&app.ports, &server.origin, parameters).await?;
    Ok(Answer(match request.wanted {
        Err(refusal) => AskBody::Redirect(RedirectBody::refusal(&request, &server, refusal)),
        Ok(wanted) => AskBody::Ask {
            redirect_origin: request.redirect_uri.origin(),
            client: ProgramBody::new(request.client_id, request.client.program),
            scope: wanted.scope,
        },
    }))
}

/// What the person says. `scope` may be less by now than the program asked for.
#[derive(Deserialize)]
pub struct DecisionBody {
    #[serde(flatten)]
    parameters: Parameters,
    approve: bool,
}

/// Does what the person says, and tells where the browser goes with that.
pub async fn decide(
    State(app): State<App>,
    AccountCaller(caller): AccountCaller,
    server: AuthorizationServer,
    Json(body): Json<DecisionBody>,
) -> Result<(StatusCode, Answer<RedirectBody>), Problem> {
    let mut request = authorization::read(&app.ports, &server.origin, body.parameters).await?;
    let wanted = std::mem::replace(&mut request.wanted, Err(DENIED));
    let redirect = match wanted {
        Ok(wanted) if body.approve => {
            let code = allow(&app, &caller, &request, wanted).await?;
            RedirectBody::new(&request, &server, &[("code", &code)])
        }
        Ok(_) => RedirectBody::refusal(&request, &server, DENIED),
        Err(refusal) => RedirectBody::refusal(&request, &server, refusal),
    };
    Ok((StatusCode::CREATED, Answer(redirect)))
}

/// Makes the code.
async fn allow(app: &App, caller: &Caller, request: &AuthorizationRequest, wanted: Wanted) -> Result<String, Problem> {
    throttle::admit(&app.ports, Action::Authorize, caller.id.as_str(), None).await?;
    let allowed = Allowed {
        client_id: request.client_id.clone(),
        program: request.client.program.clone(),
        scope: wanted.scope,
        binding: wanted.binding,
    };
    let code = programs::allow(&app.ports, (&caller.id, &caller.user), allowed).await?;
    Ok(code.ok_or_else(unknown)?.to_text())
}
