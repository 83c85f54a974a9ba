//! `/api/auth/tokens`: personal tokens, for the user's own programs.
//!
//! To make one asks again for the password, and for the second factor where there is one: it goes on for up to a year, after
//! the session that made it and through a change of the password, so a device that was left alone must not make one. To revoke
//! one asks for nothing: it only takes away.

use axum::{
    Json as Answer,
    extract::{Path, State},
};
use common::{
    http::{
        extract::Json,
        problem::{FieldError, Problem},
        problems,
    },
    world::clock::{Timestamp, rfc3339},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    caller::{AccountCaller, Caller},
    client::Client,
    proof::{AccountChange, ProofBody, ask_again, change},
};
use crate::{
    App,
    records::{
        label::Label,
        personal_token::{DAYS_MAX, PersonalToken, TOKENS_MAX},
        program_scope::ProgramScope,
        user::User,
    },
    security_event::{Event, Outcome},
    tokens::access_token,
    webauthn::assertion::AuthenticationResponse,
};

const DAY_SECS: u64 = 24 * 60 * 60;

/// The caller's personal tokens.
#[derive(Serialize)]
pub struct TokensBody {
    items: Vec<ListedBody>,
}

/// A personal token as the API shows it.
#[derive(Serialize)]
struct TokenBody {
    id: String,
    name: Label,
    scope: ProgramScope,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    #[serde(with = "rfc3339")]
    expires_at: Timestamp,
}

impl From<PersonalToken> for TokenBody {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scope: token.scope,
            created_at: token.created_at,
            expires_at: token.expires_at,
        }
    }
}

/// The same in a list.
#[derive(Serialize)]
struct ListedBody {
    #[serde(flatten)]
    token: TokenBody,
    #[serde(with = "rfc3339::option")]
    last_used_at: Option<Timestamp>,
    older_than_password: bool,
}

/// The same when it was just made: the only answer that has the token.
#[derive(Serialize)]
pub struct MadeBody {
    #[serde(flatten)]
    made: TokenBody,
    token: String,
}

/// Shows the caller's personal tokens that are good, oldest first.
pub async fn list(State(app): State<App>, AccountCaller(caller): AccountCaller) -> Answer<TokensBody> {
    let show = |token: &PersonalToken| ListedBody {
        last_used_at: token.last_used_at,
        older_than_password: caller.user.is_older_than_password(token),
        token: token.clone().into(),
    };
    let items = caller.user.personal_tokens(app.ports.clock.now()).map(show).collect();
    Answer(TokensBody { items })
}

/// What a new token is to be, and the proof that it is the user who wants it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    name: String,
    scope: String,
    expires_in_days: u64,
    password: String,
    code: Option<String>,
    passkey: Option<AuthenticationResponse>,
}

/// Makes a personal token.
pub async fn create(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<NewTokenBody>,
) -> Result<(StatusCode, Answer<MadeBody>), Problem> {
    let made = make(&app, &client, &caller, body).await;
    let id = made.as_ref().ok().map(|(token, _)| token.id.as_str());
    log(&app, &client, &caller, Event::TokenMade, id, made.as_ref().err());
    let (made, token) = made?;
    let made = made.into();
    Ok((StatusCode::CREATED, Answer(MadeBody { made, token })))
}

async fn make(
    app: &App,
    client: &Client,
    caller: &Caller,
    body: NewTokenBody,
) -> Result<(PersonalToken, String), Problem> {
    let (name, scope, days) = wanted(body.name, &body.scope, body.expires_in_days)?;
    if !caller.user.has_room_for_personal_token(app.ports.clock.now()) {
        return Err(too_many());
    }
    let proof = ProofBody {
        password: body.password,
        code: body.code,
        passkey: body.passkey,
    };
    ask_again(app, client, caller, AccountChange::TokenMade, proof).await?;
    let now = app.ports.clock.now();
    let made = PersonalToken {
        id: app.ports.random.token::<16>()?,
        name,
        scope,
        created_at: now,
        expires_at: now + std::time::Duration::from_secs(days * DAY_SECS),
        last_used_at: None,
    };
    // Signed first: what can't be signed must not be on the list.
    let token = access_token::issue_personal(&app.ports, &app.keys, &app.profile, &caller.id, &made).await?;
    let with_token = |user: User| user.with_personal_token(made.clone(), now);
    change(app, caller, |user| with_token(user).ok_or_else(too_many)).await?;
    Ok((made, token))
}

/// Reads what is wanted, or names each field that can't be had.
fn wanted(name: String, scope: &str, days: u64) -> Result<(Label, ProgramScope, u64), Problem> {
    let name = Label::try_from(name).map_err(|detail| FieldError::new("name", detail));
    let scope = ProgramScope::try_from(scope).map_err(|detail| FieldError::new("scope", detail));
    let days = if (1..=DAYS_MAX).contains(&days) {
        Ok(days)
    } else {
        let detail = format!("It must be 1 to {DAYS_MAX}.");
        Err(FieldError::new("expires_in_days", detail))
    };
    match (name, scope, days) {
        (Ok(name), Ok(scope), Ok(days)) => Ok((name, scope, days)),
        (name, scope, days) => {
            let errors = [name.err(), scope.err(), days.err()];
            Err(Problem::invalid_request(errors.into_iter().flatten().collect()))
        }
    }
}

/// Revokes a personal token: from now on the issuer calls it inactive.
pub async fn revoke(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let absent = || Problem::not_found("You have no personal token of this id.");
    if caller.user.personal_token(&id, app.ports.clock.now()).is_none() {
        return Err(absent());
    }
    let without_token = |user: User| user.without_personal_token(&id).ok_or_else(absent);
    let revoked = change(&app, &caller, without_token).await;
    log(
        &app,
        &client,
        &caller,
        Event::TokenRevoked,
        Some(&id),
        revoked.as_ref().err(),
    );
    revoked.map(|()| StatusCode::NO_CONTENT)
}

fn too_many() -> Problem {
    let detail = "You have as many personal tokens as you may have. Revoke one first.";
    Problem::new(&problems::TOO_MANY_TOKENS, detail).with_member("limit", TOKENS_MAX)
}

fn log(app: &App, client: &Client, caller: &Caller, event: Event, token: Option<&str>, problem: Option<&Problem>) {
    let outcome = match problem.map(Problem::status) {
        None => Outcome::Success,
        Some(StatusCode::TOO_MANY_REQUESTS) => Outcome::Throttled,
        Some(_) => Outcome::Failure,
    };
    let mut event = client.event(event, outcome);
    (event.user_id, event.session_id) = (Some(&caller.id), Some(caller.session.id.as_str()));
    event.token_id = token;
    event.log(&app.ports);
}
