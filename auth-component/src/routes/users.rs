//! `/api/auth/users`: registration.

use axum::{Json as Answer, extract::State};
use common::token::UserId;
use common::{
    http::{
        extract::Json,
        problem::{FieldError, Problem},
    },
    world::clock::{Timestamp, rfc3339},
};
use futures::FutureExt;
use http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::client::Client;
use crate::{
    App, due,
    records::{recovery_code::RecoveryCode, user, username::Username},
    security_event::{Event, Outcome},
    sign_in::{
        password::Password,
        password_policy,
        throttle::{self, Action, Throttled},
    },
};

/// How many entries of what is due a registration goes through.
const PASSED_BY: u64 = 8;

/// A new user as the API shows it.
#[derive(Serialize)]
pub struct UserBody {
    id: UserId,
    username: Username,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    /// Shown here, and never again.
    recovery_codes: Vec<String>,
}

/// The name and the password that somebody wants to have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    username: String,
    password: String,
}

impl Credentials {
    fn parse(self) -> Result<(Username, Password), Problem> {
        let username = Username::try_from(self.username);
        let password = password_policy::choose(self.password, username.as_ref().ok());
        match (username, password) {
            (Ok(username), Ok(password)) => Ok((username, password)),
            (username, password) => {
                let errors = [("username", username.err()), ("password", password.err())];
                let errors = errors
                    .into_iter()
                    .filter_map(|(field, detail)| Some(FieldError::new(field, detail?)));
                Err(Problem::invalid_request(errors.collect()))
            }
        }
    }
}

type Created = (StatusCode, [(HeaderName, &'static str); 1], Answer<UserBody>);

/// Registers a user. Of two registrations of one name, one wins.
pub async fn register(
    State(app): State<App>,
    client: Client,
    Json(body): Json<Credentials>,
) -> Result<Created, Problem> {
    let ports = &app.ports;
    let (username, password) = body.parse()?;
    let admission = throttle::admit(ports, Action::Register, username.as_str(), client.network()).await;
    if let Err(Throttled::TooMany { .. }) = &admission {
        client.event(Event::Registration, Outcome::Throttled).log(ports);
    }
    admission?;
    // Registering asks again; asking first saves the hashing.
    if user::name::is_taken(ports, &username).await? {
        return Err(user::Error::Taken.into());
    }
    let password_hash = app.hasher.hash(ports, &password).await?;
    let codes = RecoveryCode::random_set(ports)?;
    let hashes = codes.iter().map(|code| code.hash(&username)).collect();
    let (id, user) = user::register(ports, username, password_hash, hashes).await?;
    let mut event = client.event(Event::Registration, Outcome::Success);
    event.user_id = Some(&id);
    event.log(ports);
    pass_by(&app, &client).await;
    let body = UserBody {
        id,
        username: user.username,
        created_at: user.created_at,
        recovery_codes: codes.iter().map(RecoveryCode::to_text).collect(),
    };
    Ok((StatusCode::CREATED, [(header::LOCATION, "/api/auth/me")], Answer(body)))
}

/// Goes through some of what is due, for which nobody waits.
async fn pass_by(app: &App, client: &Client) {
    let (ports, memos, context) = (app.ports.clone(), app.memos.clone(), client.context.clone());
    let afterwards = ports.afterwards;
    let passing = async move {
        if let Err(error) = due::sweep(&ports, &memos, PASSED_BY, &context).await {
            ports.warn("what is due was not gone through", error);
        }
    };
    afterwards(passing.boxed()).await;
}
