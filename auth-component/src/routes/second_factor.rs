//! The second factor in requests and answers: what is shown of it, and what is asked for.

use common::{http::problem::Problem, store::kv::KvError, token::UserId};
use serde_json::{Value, json};

use super::client::Client;
use crate::{
    App,
    records::user::second_factor::Factor,
    security_event::{Event, Outcome},
    sign_in::{
        self, passkey,
        second_factor::{Asked, PasskeyAnswer, Shown},
    },
    webauthn::{
        Base64Url, RelyingParty,
        assertion::{self, AuthenticationResponse},
        challenge::{Occasion, Purpose},
    },
};

/// What a request shows besides the password. Of both, the passkey is looked at.
pub fn shown<'a>(
    app: &'a App,
    client: &'a Client,
    code: Option<String>,
    passkey: Option<AuthenticationResponse>,
    occasion: Occasion<'a>,
) -> Option<Shown<'a>> {
    let passkey = passkey.map(|answer| shown_passkey(app, client, answer, occasion));
    passkey.or_else(|| code.map(Shown::Code))
}

/// What a passkey answered, and what it has to be an answer to.
pub fn shown_passkey<'a>(
    app: &'a App,
    client: &'a Client,
    answer: AuthenticationResponse,
    occasion: Occasion<'a>,
) -> Shown<'a> {
    Shown::Passkey(PasskeyAnswer {
        answer,
        party: client.party.as_ref(),
        key: &app.challenge_key,
        occasion,
    })
}

/// What a browser is to ask one of these passkeys of somebody for.
///
/// # Errors
/// Those of the store, which has the key of challenges.
pub async fn options(
    app: &App,
    party: &RelyingParty,
    (user_id, passkeys): (&UserId, &[Base64Url]),
    occasion: Occasion<'_>,
) -> Result<Value, KvError> {
    let purpose = Purpose::SecondFactor { user_id, occasion };
    let challenge = passkey::challenge(&app.ports, &app.challenge_key, purpose).await?;
    Ok(assertion::options_for(party, challenge, passkeys))
}

/// Why somebody is not let in who showed a password. Where a second factor is asked for it says of which kinds, and has what a
/// browser needs to ask for a passkey: whoever is told that knows the password.
pub async fn problem_of(app: &App, client: &Client, error: sign_in::Error) -> Problem {
    let asked = match &error {
        sign_in::Error::SecondFactorMissing(asked) | sign_in::Error::WrongSecondFactor(asked, _) => asked.clone(),
        _ => return error.into(),
    };
    let Asked {
        user_id,
        has_totp,
        passkeys,
    } = asked;
    let party = client.party.as_ref().filter(|_| !passkeys.is_empty());
    let methods = [has_totp.then_some(Factor::Totp), party.map(|_| Factor::Passkey)];
    let methods: Vec<Factor> = methods.into_iter().flatten().collect();
    let problem = Problem::from(error).with_member("methods", json!(methods));
    let Some(party) = party else { return problem };
    match options(app, party, (&user_id, &passkeys), Occasion::SignIn).await {
        Ok(options) => problem.with_member("passkey_options", options),
        Err(error) => error.into(),
    }
}

/// Logs a wrong second factor, which somebody sent who knows the password.
pub fn log_wrong(app: &App, client: &Client, factor: Factor, user_id: &UserId, session_id: Option<&str>) {
    let event = match factor {
        Factor::Totp => Event::SecondFactorCode,
        Factor::Passkey => Event::SecondFactorPasskey,
    };
    log(app, client, event, user_id, session_id);
}

/// Logs that somebody has a copy of a passkey's authenticator.
pub fn log_copied(app: &App, client: &Client, user_id: &UserId, session_id: Option<&str>) {
    log(app, client, Event::PasskeyCopied, user_id, session_id);
}

fn log(app: &App, client: &Client, event: Event, user_id: &UserId, session_id: Option<&str>) {
    let mut event = client.event(event, Outcome::Failure);
    (event.user_id, event.session_id) = (Some(user_id), session_id);
    event.log(&app.ports);
}
