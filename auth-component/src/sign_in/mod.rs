//! Is it them: the one door that all ways in go through.

pub mod password;
pub mod password_policy;
pub mod throttle;

use std::net::IpAddr;

use common::{
    http::{problem::Problem, problems},
    store::kv::KvError,
    token::UserId,
    world::Ports,
};

use crate::records::{
    session,
    user::{self, User},
    username::Username,
};
use password::{HashError, Hasher, Password, Verdict};
use throttle::{Action, Throttled};

/// A person who has proven to be a user.
pub struct AuthenticatedUser {
    /// The user's id.
    pub id: UserId,
    /// The user, as the password was checked against.
    pub user: User,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name or the password is wrong; which of them is not told. For the log: who is it that somebody tried to be.
    #[error("wrong username or password")]
    WrongCredentials(Option<UserId>),
    /// There were too many tries, or it could not be found out how many.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The password could not be checked.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The session could not be begun.
    #[error(transparent)]
    Session(session::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongCredentials(_) => {
                Self::new(&problems::WRONG_CREDENTIALS, "No user has this name and password.")
            }
            Error::Throttled(error) => error.into(),
            Error::Hash(error) => error.into(),
            Error::Session(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

/// Checks a name and a password that came from `network`.
///
/// A name that nobody has costs the same operations of the store and the same hashing as one with a wrong password, so
/// that neither the answer nor the time tells who is a user.
///
/// # Errors
/// [`Error::WrongCredentials`], [`Error::Throttled`], and what fails on the way.
pub async fn authenticate(
    ports: &Ports,
    hasher: &Hasher,
    username: String,
    password: String,
    network: Option<IpAddr>,
) -> Result<AuthenticatedUser, Error> {
    // What can't be a name or a password is nobody's; the rules are no secret.
    let username = Username::try_from(username).map_err(|_| Error::WrongCredentials(None))?;
    let password = Password::new(password).map_err(|_| Error::WrongCredentials(None))?;
    let admission = throttle::admit(ports, Action::SignIn, username.as_str(), network).await?;
    let found = user::find(ports, &username).await?;
    let phc = found.as_ref().map(|(_, user)| user.password_hash.as_str());
    let verdict = hasher.verify(ports, &password, phc).await?;
    let Some((id, user)) = found else {
        return Err(Error::WrongCredentials(None));
    };
    if verdict == Verdict::Wrong {
        return Err(Error::WrongCredentials(Some(id)));
    }
    admission.give_back(ports).await;
    if verdict == Verdict::RightAsTyped || hasher.is_outdated(&user.password_hash) {
        renew_hash(ports, hasher, &id, user.clone(), &password).await;
    }
    Ok(AuthenticatedUser { id, user })
}

/// Checks the password of a user who is signed in, before something that a device which was left alone must not do. Guessing
/// here is limited together with guessing at sign-in.
///
/// # Errors
/// [`Error::WrongCredentials`], [`Error::Throttled`], and what fails on the way.
pub async fn prove_again(
    ports: &Ports,
    hasher: &Hasher,
    (id, user): (&UserId, &User),
    password: String,
    network: Option<IpAddr>,
) -> Result<(), Error> {
    let wrong = || Error::WrongCredentials(Some(id.clone()));
    let password = Password::new(password).map_err(|_| wrong())?;
    let admission = throttle::admit(ports, Action::SignIn, user.username.as_str(), network).await?;
    if hasher.verify(ports, &password, Some(&user.password_hash)).await? == Verdict::Wrong {
        return Err(wrong());
    }
    admission.give_back(ports).await;
    Ok(())
}

/// Replaces a hash with one as they are made today. That is housekeeping: the password was right, so a failure here is none of
/// the sign-in's, and the next one tries again.
async fn renew_hash(ports: &Ports, hasher: &Hasher, id: &UserId, user: User, password: &Password) {
    let renewed = async {
        let hash = hasher.hash(ports, password).await.map_err(|error| error.to_string())?;
        let replaced = user::replace_password_hash(ports, id, user, hash).await;
        replaced.map_err(|error| error.to_string())
    };
    if let Err(cause) = renewed.await {
        ports.warn("a password's hash was not renewed", cause);
    }
}
