//! Is it them: the one door that all ways in go through.

pub mod passkey;
pub mod password;
pub mod password_policy;
pub mod recovery;
pub mod second_factor;
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
    user::{self, User, second_factor::Factor},
    username::Username,
};
use password::{HashError, Hasher, Password, Verdict};
use second_factor::{Asked, Shown};
use throttle::{Action, Admission, Throttled};

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
    /// The password is right, and the second factor is missing.
    #[error("the second factor is missing")]
    SecondFactorMissing(Asked),
    /// The password is right, and the code or the answer of a passkey beside it is not good, or was used before.
    #[error("wrong second factor")]
    WrongSecondFactor(Asked, Factor),
    /// The password is right, and the account is being deleted.
    #[error("the account is being deleted")]
    BeingDeleted(UserId),
    /// The answer of a passkey is not good: it is not to a challenge of ours, or was used, or nobody has that passkey. For the
    /// log: who is it that somebody tried to be.
    #[error("the answer of a passkey is not good")]
    WrongPasskey(Option<UserId>),
    /// The answer of a passkey is good, and its authenticator has signed as often before: somebody has a copy.
    #[error("there are two of a passkey's authenticator")]
    PasskeyCopied(UserId),
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
            Error::SecondFactorMissing(_) => Self::new(
                &problems::SECOND_FACTOR_REQUIRED,
                "Send the code that the app shows, as code, or what a passkey answers, as passkey, together with the name and the password.",
            ),
            Error::WrongSecondFactor(_, Factor::Totp) => Self::new(
                &problems::SECOND_FACTOR_REQUIRED,
                "The code is wrong, or was used before. Send the one that the app shows next.",
            ),
            Error::WrongSecondFactor(_, Factor::Passkey) => Self::new(
                &problems::SECOND_FACTOR_REQUIRED,
                "The passkey's answer is not good here, or was used before, or took more than five minutes. These are new options.",
            ),
            Error::BeingDeleted(_) => Self::new(
                &problems::ACCOUNT_DELETED,
                "Its owner asked for that. Nobody can sign in to it any more.",
            ),
            Error::WrongPasskey(_) | Error::PasskeyCopied(_) => Self::new(
                &problems::WRONG_PASSKEY,
                "It is not good here, or it took more than five minutes. Ask for new options and try again.",
            ),
            Error::Throttled(error) => error.into(),
            Error::Hash(error) => error.into(),
            Error::Session(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

/// What somebody shows at sign-in.
pub struct Credentials<'a> {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The second factor, where there is one.
    pub second: Option<Shown<'a>>,
}

/// Checks credentials that came from `network`, and uses up the second factor.
///
/// A name that nobody has costs the same operations of the store and the same hashing as one with a wrong password, so
/// that neither the answer nor the time tells who is a user. Nor does anything tell who has a second factor, before the
/// password was right.
///
/// # Errors
/// [`Error::WrongCredentials`], [`Error::Throttled`], those of [`second_factor::check`], and what fails on the way.
pub async fn authenticate(
    ports: &Ports,
    hasher: &Hasher,
    credentials: Credentials<'_>,
    network: Option<IpAddr>,
) -> Result<AuthenticatedUser, Error> {
    // What can't be a name or a password is nobody's; the rules are no secret.
    let username = Username::try_from(credentials.username).map_err(|_| Error::WrongCredentials(None))?;
    let password = Password::new(credentials.password).map_err(|_| Error::WrongCredentials(None))?;
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
    if user.is_being_deleted() {
        admission.give_back(ports).await;
        return Err(Error::BeingDeleted(id));
    }
    // Before the second factor is used up, which makes another version of the record.
    if verdict == Verdict::RightAsTyped || hasher.is_outdated(&user.password_hash) {
        renew_hash(ports, hasher, &id, user.clone(), &password).await;
    }
    let checked = second_factor::check(ports, &id, &user, credentials.second.as_ref()).await;
    give_back(ports, admission, &checked).await;
    checked?;
    Ok(AuthenticatedUser { id, user })
}

/// What somebody who is signed in shows once more.
pub struct Proof<'a> {
    /// The password.
    pub password: String,
    /// The second factor, where there is one.
    pub second: Option<Shown<'a>>,
}

/// Checks the password of a user who is signed in, and the second factor, before something that a device which
/// was left alone must not do. Guessing here is limited together with guessing at sign-in.
///
/// # Errors
/// As [`authenticate`].
pub async fn prove_again(
    ports: &Ports,
    hasher: &Hasher,
    (id, user): (&UserId, &User),
    proof: Proof<'_>,
    network: Option<IpAddr>,
) -> Result<(), Error> {
    let wrong = || Error::WrongCredentials(Some(id.clone()));
    let password = Password::new(proof.password).map_err(|_| wrong())?;
    let admission = throttle::admit(ports, Action::SignIn, user.username.as_str(), network).await?;
    if hasher.verify(ports, &password, Some(&user.password_hash)).await? == Verdict::Wrong {
        return Err(wrong());
    }
    let checked = second_factor::check(ports, id, user, proof.second.as_ref()).await;
    give_back(ports, admission, &checked).await;
    checked
}

/// Gives back a try with the right password, unless its second factor was wrong or could not be checked. One without is no
/// guess: people learn by it that they need one.
async fn give_back(ports: &Ports, admission: Admission, checked: &Result<(), Error>) {
    if matches!(checked, Ok(()) | Err(Error::SecondFactorMissing(_))) {
        admission.give_back(ports).await;
    }
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
