//! Who somebody is, by name and password.

use common::{ports::Ports, token::UserId};

use crate::{
    passwords::{self, Password},
    refusal::Refusal,
    users::{self, Username},
};

/// A person who has proven to be a user.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub username: Username,
}

/// Checks a name and a password. A name that nobody has costs the same reads and the same hashing as one with a wrong
/// password, so that the time does not tell who is a user.
///
/// # Errors
/// [`Refusal::WrongCredentials`], and faults of the store.
pub async fn check(ports: &Ports, username: String, password: String) -> Result<Person, Refusal> {
    // What can't be a name or a password is nobody's; the rules are no secret.
    let username = Username::try_from(username).map_err(|_| Refusal::WrongCredentials)?;
    let password = Password::new(password).map_err(|_| Refusal::WrongCredentials)?;
    let found = users::find(ports, &username).await?;
    let phc = found.as_ref().map(|(_, user)| user.password_hash.as_str());
    let right = passwords::verify(&password, phc).await?;
    let Some((id, mut user)) = found.filter(|_| right) else {
        return Err(Refusal::WrongCredentials);
    };
    if passwords::is_outdated(&user.password_hash) {
        user.password_hash = passwords::hash(ports, &password).await?;
        users::put(ports, &id, &user).await?;
    }
    Ok(Person { id, username })
}
