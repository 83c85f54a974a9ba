//! `/api/auth/passkeys`: passkeys of somebody who is signed in.
//!
//! Adding one and removing one ask again for the password, and for the second factor where there is one: a passkey opens the
//! account by itself and outlives a change of the password. To add one, that is asked before the browser is, so that nobody has
//! a passkey on a device that is not good for anything.

use axum::{
    Json as Answer,
    extract::{Path, State},
};
use common::{
    http::{extract::Json, problem::Problem, problems},
    world::clock::{Timestamp, rfc3339},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    caller::{AccountCaller, Caller},
    client::Client,
    own_domain::OwnDomain,
    proof::{AccountChange, ProofBody, ask_again, change, log_change, refuse},
};
use crate::{
    App,
    records::{
        label::Label,
        passkey::{PASSKEYS_MAX, Passkey},
        user::{User, passkeys::Unaddable},
    },
    security_event::Event,
    webauthn::{
        Base64Url, RelyingParty,
        challenge::{self, Purpose},
        registration::{self, RegistrationResponse},
    },
};

/// The user's passkeys.
#[derive(Serialize)]
pub struct PasskeysBody {
    items: Vec<PasskeyBody>,
}

/// A passkey as the API shows it.
#[derive(Serialize)]
pub struct PasskeyBody {
    id: Base64Url,
    name: Label,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    #[serde(with = "rfc3339::option")]
    last_used_at: Option<Timestamp>,
}

impl PasskeyBody {
    fn of(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.clone(),
            name: passkey.name.clone(),
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// Shows the caller's passkeys, oldest first.
pub async fn list(AccountCaller(caller): AccountCaller) -> Answer<PasskeysBody> {
    let items = caller.user.passkeys().iter().map(PasskeyBody::of).collect();
    Answer(PasskeysBody { items })
}

/// Tells the browser what to make. The challenge is for this session, and shows later that it was asked for the password.
pub async fn begin(
    State(app): State<App>,
    OwnDomain(party): OwnDomain,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<ProofBody>,
) -> Result<Answer<Value>, Problem> {
    let begun = options(&app, &party, &client, &caller, body).await;
    if begun.is_err() {
        log_change(&app, &client, &caller, Event::PasskeyAdded, &begun);
    }
    begun.map(Answer)
}

async fn options(
    app: &App,
    party: &RelyingParty,
    client: &Client,
    caller: &Caller,
    proof: ProofBody,
) -> Result<Value, Problem> {
    if !caller.user.has_room_for_passkey() {
        return Err(too_many());
    }
    let key = app.challenge_key.get(&app.ports).await?;
    ask_again(app, client, caller, AccountChange::PasskeyAdded, proof).await?;
    let random = app.ports.random.bytes()?;
    let challenge = challenge::make(key, purpose(caller), random, app.ports.clock.now());
    let existing: Vec<&Base64Url> = caller.user.passkeys().iter().map(|passkey| &passkey.id).collect();
    let user = (&caller.id, caller.user.username.as_str());
    Ok(registration::options(party, user, challenge, &existing))
}

fn purpose(caller: &Caller) -> Purpose<'_> {
    Purpose::Registration {
        user_id: &caller.id,
        session_id: &caller.session.id,
    }
}

/// What the browser made, and what the user calls it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPasskeyBody {
    name: String,
    credential: RegistrationResponse,
}

/// Adds a passkey that the browser has made.
pub async fn add(
    State(app): State<App>,
    OwnDomain(party): OwnDomain,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Json(body): Json<NewPasskeyBody>,
) -> Result<(StatusCode, Answer<PasskeyBody>), Problem> {
    let added = add_passkey(&app, &party, &caller, body).await;
    log_change(&app, &client, &caller, Event::PasskeyAdded, &added);
    Ok((StatusCode::CREATED, Answer(PasskeyBody::of(&added?))))
}

async fn add_passkey(
    app: &App,
    party: &RelyingParty,
    caller: &Caller,
    body: NewPasskeyBody,
) -> Result<Passkey, Problem> {
    let name = Label::try_from(body.name).map_err(|detail| refuse("name", detail))?;
    let key = app.challenge_key.get(&app.ports).await?;
    let now = app.ports.clock.now();
    let credential = &body.credential;
    let created = credential
        .challenge(party)
        .and_then(|given| challenge::open(key, purpose(caller), &given, now))
        .and_then(|_| credential.created(party))
        .map_err(|refusal| refuse("credential", refusal.to_string()))?;
    let passkey = Passkey::new(created, name, now);
    let with_passkey = |user: User| user.with_passkey(passkey.clone());
    change(app, caller, |user| {
        with_passkey(user).map_err(|reason| match reason {
            Unaddable::TooMany => too_many(),
            Unaddable::Known => refuse("credential", "You have this passkey already."),
        })
    })
    .await?;
    Ok(passkey)
}

/// Removes a passkey. Sessions that began with it go on.
pub async fn remove(
    State(app): State<App>,
    client: Client,
    AccountCaller(caller): AccountCaller,
    Path(id): Path<String>,
    Json(body): Json<ProofBody>,
) -> Result<StatusCode, Problem> {
    let absent = || Problem::not_found("You have no passkey of this id.");
    let id = Base64Url::try_from(id).map_err(|_| absent())?;
    caller.user.passkey(&id).map_err(|_| absent())?;
    let removed = async {
        ask_again(&app, &client, &caller, AccountChange::PasskeyRemoved, body).await?;
        change(&app, &caller, |user| user.without_passkey(&id).ok_or_else(absent)).await
    };
    let removed = removed.await;
    log_change(&app, &client, &caller, Event::PasskeyRemoved, &removed);
    removed.map(|()| StatusCode::NO_CONTENT)
}

fn too_many() -> Problem {
    let detail = "You have as many passkeys as you may have. Remove one first.";
    Problem::new(&problems::TOO_MANY_PASSKEYS, detail).with_member("limit", PASSKEYS_MAX)
}
