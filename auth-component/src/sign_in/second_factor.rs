//! The code of the second factor, after the right password.

use common::{
    store::record::{Change, Versioned},
    token::UserId,
    world::Ports,
};
use futures::FutureExt;

use super::{
    Error,
    throttle::{self, Action},
};
use crate::records::{
    insist::Insisted,
    session,
    totp::TotpCode,
    user::{self, User},
};

/// Checks the code that somebody sent together with the right password of this user, and uses it up: of two requests with one
/// code, one wins. Where the user has no second factor there is nothing to check.
///
/// # Errors
/// [`Error::CodeMissing`], [`Error::WrongCode`], [`Error::Throttled`], [`Error::WrongCredentials`] when the password was changed
/// meanwhile, and what fails on the way.
pub async fn check(ports: &Ports, id: &UserId, seen: &User, code: Option<&str>) -> Result<(), Error> {
    if seen.second_factor().is_none() {
        return Ok(());
    }
    let code = code.ok_or_else(|| Error::CodeMissing(id.clone()))?;
    let wrong = || Error::WrongCode(id.clone());
    let admission = throttle::admit(ports, Action::SecondFactor, seen.username.as_str(), None).await?;
    let code = TotpCode::parse(code).ok_or_else(wrong)?;
    // Most wrong codes are found out without a claim.
    let is_good = seen.clone().with_totp_code_used(code, ports.clock.now()).is_some();
    is_good.then_some(()).ok_or_else(wrong)?;
    use_up(ports, id, seen, code).await?;
    admission.give_back(ports).await;
    Ok(())
}

/// Notes in the user's record that the code was used.
async fn use_up(ports: &Ports, id: &UserId, seen: &User, code: TotpCode) -> Result<(), Error> {
    let version = seen.version();
    let used = user::change(ports, id, |user| {
        let now = ports.clock.now();
        let change = match user {
            Some(user) if user.admits_since(version) => match user.with_totp_code_used(code, now) {
                Some(next) => Change::Write(next.clone(), next),
                None => Change::Leave(Error::WrongCode(id.clone())),
            },
            _ => Change::Leave(Error::WrongCredentials(Some(id.clone()))),
        };
        async move { Ok(change) }.boxed()
    });
    match used.await? {
        Insisted::Done(_) => Ok(()),
        Insisted::Left(reason) => Err(reason),
        Insisted::Busy => Err(Error::Session(session::Error::Busy)),
    }
}
