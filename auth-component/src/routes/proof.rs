//! Changes of the account: asking again, before one that a device which was left alone must not make, and making it.

use common::{
    http::problem::{FieldError, Problem},
    store::record::Change,
    token::UserId,
};
use futures::FutureExt;
use http::StatusCode;

use super::{caller::Caller, client::Client};
use crate::{
    App,
    records::{
        insist::Insisted,
        user::{self, User},
    },
    security_event::{Event, Outcome},
    sessions::others::ChangeError,
    sign_in::{self, Proof, prove_again},
};

/// Lets the caller go on who shows the password, and the code of the second factor where there is one.
///
/// # Errors
/// 422 that names the field which is wrong: `password_field`, or `code`. 429 after too many wrong ones.
pub async fn ask_again(
    app: &App,
    client: &Client,
    caller: &Caller,
    proof: Proof,
    password_field: &str,
) -> Result<(), Problem> {
    let who = (&caller.id, &caller.user);
    let proven = prove_again(&app.ports, &app.hasher, who, proof, client.network()).await;
    proven.map_err(|error| match error {
        sign_in::Error::WrongCredentials(_) => refuse(password_field, "It is not your password."),
        sign_in::Error::CodeMissing(_) => refuse("code", "Send the code that the app of your second factor shows."),
        sign_in::Error::WrongCode(_) => {
            log_wrong_code(app, client, &caller.id, Some(&caller.session.id));
            refuse("code", "It is wrong, or was used before.")
        }
        error => error.into(),
    })
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

/// Logs a wrong code of the second factor, which somebody sent who knows the password.
pub fn log_wrong_code(app: &App, client: &Client, user_id: &UserId, session_id: Option<&str>) {
    let mut event = client.event(Event::SecondFactorCode, Outcome::Failure);
    (event.user_id, event.session_id) = (Some(user_id), session_id);
    event.log(&app.ports);
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
