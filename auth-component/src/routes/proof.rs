//! Changes of the account: asking again, before one that a device which was left alone must not make, and making it.

use common::{
    http::problem::{FieldError, Problem},
    store::record::Change,
};
use futures::FutureExt;
use http::StatusCode;
use serde::Deserialize;

use super::{
    caller::Caller,
    client::Client,
    second_factor::{log_copied, log_wrong, shown, shown_passkey},
};
use crate::{
    App,
    records::{
        insist::Insisted,
        user::{self, User, second_factor::Factor},
    },
    security_event::{Event, Outcome},
    sessions::others::ChangeError,
    sign_in::{self, Proof, prove_again, second_factor::use_up},
    webauthn::{assertion::AuthenticationResponse, challenge::Occasion},
};

/// A change of the account that asks again. The answer of a passkey is good for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountChange {
    /// Another password.
    PasswordChange,
    /// New recovery codes.
    RecoveryCodes,
    /// A second factor is asked for from now on.
    SecondFactorOn,
    /// A second factor is taken away.
    SecondFactorOff,
    /// Another passkey.
    PasskeyAdded,
    /// The end of a passkey.
    PasskeyRemoved,
    /// Another personal token.
    TokenMade,
    /// The end of the account.
    AccountDeletion,
}

impl AccountChange {
    /// The change, by the session that wants it.
    pub fn by(self, caller: &Caller) -> Occasion<'_> {
        Occasion::Change {
            session_id: &caller.session.id,
            change: self.name(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::PasswordChange => "password-change",
            Self::RecoveryCodes => "recovery-codes",
            Self::SecondFactorOn => "second-factor-on",
            Self::SecondFactorOff => "second-factor-off",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::TokenMade => "token-made",
            Self::AccountDeletion => "account-deletion",
        }
    }
}

/// What is shown for a change: the password, and a code or the answer of a passkey where there is a second factor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// The password.
    pub password: String,
    /// A code.
    pub code: Option<String>,
    /// What a passkey answered.
    pub passkey: Option<AuthenticationResponse>,
}

/// Lets the caller go on who shows the password, and the second factor where there is one.
///
/// # Errors
/// 422 that names the field which is wrong: the password's, `code`, or `passkey`. 429 after too many wrong ones.
pub async fn ask_again(
    app: &App,
    client: &Client,
    caller: &Caller,
    change: AccountChange,
    body: ProofBody,
) -> Result<(), Problem> {
    let who = (&caller.id, &caller.user);
    let proof = Proof {
        password: body.password,
        second: shown(app, client, body.code, body.passkey, change.by(caller)),
    };
    let proven = prove_again(&app.ports, &app.hasher, who, proof, client.network()).await;
    proven.map_err(|error| refusal(app, client, caller, change, error))
}

/// Lets the caller go on who shows a passkey that works.
///
/// # Errors
/// As [`ask_again`].
pub async fn show_passkey(
    app: &App,
    client: &Client,
    caller: &Caller,
    change: AccountChange,
    answer: AuthenticationResponse,
) -> Result<(), Problem> {
    let shown = shown_passkey(app, client, answer, change.by(caller));
    let used = use_up(&app.ports, &caller.id, &caller.user, &shown).await;
    used.map_err(|error| refusal(app, client, caller, change, error))
}

fn refusal(app: &App, client: &Client, caller: &Caller, change: AccountChange, error: sign_in::Error) -> Problem {
    use sign_in::Error;

    let session_id = Some(caller.session.id.as_str());
    match error {
        Error::WrongCredentials(_) => {
            let is_current = change == AccountChange::PasswordChange;
            let field = if is_current { "current_password" } else { "password" };
            refuse(field, "It is not your password.")
        }
        Error::SecondFactorMissing(asked) if asked.has_totp => {
            refuse("code", "Send the code that the app of your second factor shows.")
        }
        Error::SecondFactorMissing(_) => refuse("passkey", "Send what one of your passkeys answers."),
        Error::WrongSecondFactor(_, factor) => {
            log_wrong(app, client, factor, &caller.id, session_id);
            match factor {
                Factor::Totp => refuse("code", "It is wrong, or was used before."),
                Factor::Passkey => refuse(
                    "passkey",
                    "It is not good for this, or was used before. Ask for new options.",
                ),
            }
        }
        Error::PasskeyCopied(_) => {
            log_copied(app, client, &caller.id, session_id);
            refuse("passkey", "It has signed as often before. Ask for new options.")
        }
        error => error.into(),
    }
}

/// The request is not acceptable because of one field.
pub fn refuse(field: &str, detail: impl Into<String>) -> Problem {
    Problem::invalid_request(vec![FieldError::new(field, detail)])
}

/// Changes the caller's record, if the session that asks is still good then.
///
/// # Errors
/// That of `next`, 401 when the session has ended, 409 when others change the record all the time, and those of the store.
pub async fn change(
    app: &App,
    caller: &Caller,
    next: impl Fn(User) -> Result<User, Problem> + Send + Sync,
) -> Result<(), Problem> {
    let changed = user::change(&app.ports, &caller.id, |user| {
        let change = match user.filter(|user| user.admits(&caller.session)) {
            None => Change::Leave(Problem::from(ChangeError::Ended)),
            Some(user) => match next(user) {
                Ok(next) => Change::Write(next.clone(), next),
                Err(problem) => Change::Leave(problem),
            },
        };
        async move { Ok(change) }.boxed()
    });
    match changed.await? {
        Insisted::Done(_) => Ok(()),
        Insisted::Left(problem) => Err(problem),
        Insisted::Busy => Err(ChangeError::Busy.into()),
    }
}

/// Logs a change that the caller wanted.
pub fn log_change<T>(app: &App, client: &Client, caller: &Caller, event: Event, changed: &Result<T, Problem>) {
    let outcome = match changed {
        Ok(_) => Outcome::Success,
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled,
        Err(_) => Outcome::Failure,
    };
    let mut event = client.event(event, outcome);
    (event.user_id, event.session_id) = (Some(&caller.id), Some(caller.session.id.as_str()));
    event.log(&app.ports);
}
