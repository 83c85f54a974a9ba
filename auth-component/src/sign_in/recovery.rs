//! The way in for somebody who has lost the password or the second factor: a recovery code.

use std::net::IpAddr;

use common::{
    http::{problem::Problem, problems},
    store::kv::KvError,
    token::UserId,
    world::Ports,
};

use super::throttle::{self, Action, Throttled};
use crate::records::{
    recovery_code::{RecoveryCode, RecoveryCodeHash},
    user,
    username::Username,
};

/// Why an account is not recovered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name or the code is wrong; which of them is not told. For the log: whose account somebody wanted.
    #[error("wrong username or recovery code")]
    WrongCode(Option<UserId>),
    /// There were too many tries, or it could not be found out how many.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongCode(_) => Self::new(
                &problems::WRONG_RECOVERY_CODE,
                "No user has this name and this recovery code, or the code was used before.",
            ),
            Error::Throttled(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

/// Finds the user of this name who has this recovery code, which is not spent yet.
///
/// A name that nobody has costs the same operations of the store and the same hashing as one with another code.
///
/// # Errors
/// [`Error`].
pub async fn find(
    ports: &Ports,
    username: &Username,
    code: &RecoveryCode,
    network: Option<IpAddr>,
) -> Result<(UserId, RecoveryCodeHash), Error> {
    let admission = throttle::admit(ports, Action::Recover, username.as_str(), network).await?;
    let found = user::find(ports, username).await?;
    let hash = code.hash(username);
    let Some((id, user)) = found else {
        return Err(Error::WrongCode(None));
    };
    if user.is_being_deleted() || !user.recovery_codes.contains(&hash) {
        return Err(Error::WrongCode(Some(id)));
    }
    admission.give_back(ports).await;
    Ok((id, hash))
}
