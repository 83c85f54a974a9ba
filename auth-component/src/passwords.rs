//! Passwords: what one must be like, and how it is kept.
//!
//! Kept as Argon2id hashes in PHC strings, with the parameters that OWASP's Password Storage Cheat Sheet asks for as a
//! minimum; each string names its own, so they can be raised.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier},
};
use common::{ports::Ports, problem::Problem};
use zeroize::Zeroizing;

use crate::users::Username;

/// The fewest characters (NIST SP 800-63B §3.1.1.2).
pub const CHARACTERS_MIN: usize = 8;

/// The most characters: room for any passphrase. Argon2 itself reads far longer ones at little more cost.
pub const CHARACTERS_MAX: usize = 128;

/// 19 MiB, the memory of one hash: all that an instance ever needs, because it makes one at a time.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How the PHC string of a hash with today's parameters begins.
const TODAYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Salt and hash of no password: found by a login as somebody who does not exist, so that it costs the same.
const NOBODYS: &str = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password as typed. It is not shown by `Debug` and is wiped after use.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Checks the length.
    ///
    /// # Errors
    /// What is wrong, for the person.
    pub fn new(text: String) -> Result<Self, &'static str> {
        match text.chars().count() {
            CHARACTERS_MIN..=CHARACTERS_MAX => Ok(Self(text.into())),
            _ => Err("It must have 8 to 128 characters."),
        }
    }

    /// Whether it says no more than the name.
    pub fn is(&self, username: &Username) -> bool {
        self.0.eq_ignore_ascii_case(username.as_str())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The hash to keep, as a PHC string.
///
/// # Errors
/// 503 without randomness or memory.
pub async fn hash(ports: &Ports, password: &Password) -> Result<String, Problem> {
    let salt = ports.random.bytes::<16>()?;
    let _others_go_elsewhere = Busy::begin().await;
    let hash = argon2()?.hash_password_with_salt(password.0.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(Problem::unavailable)
}

/// Whether `password` is the one that `phc` was made from. Without a `phc` it takes as long, and is not.
///
/// # Errors
/// 503 without memory, or when `phc` can't be read.
pub async fn verify(password: &Password, phc: Option<&str>) -> Result<bool, Problem> {
    let _others_go_elsewhere = Busy::begin().await;
    let nobodys = format!("{TODAYS}{NOBODYS}");
    let verdict = argon2()?.verify_password(password.0.as_bytes(), phc.unwrap_or(&nobodys));
    match verdict {
        Ok(()) => Ok(phc.is_some()),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(Problem::unavailable(error)),
    }
}

/// Whether a hash was made with other parameters than today's.
pub fn is_outdated(phc: &str) -> bool {
    !phc.starts_with(TODAYS)
}

fn argon2() -> Result<Argon2<'static>, Problem> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Problem::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// While it lives, the host sends requests to other instances: this one computes for a while and answers nobody.
struct Busy;

impl Busy {
    #[cfg(target_family = "wasm")]
    async fn begin() -> Self {
        spin_sdk::wit_bindgen::backpressure_inc();
        let busy = Self;
        // The host looks whether an instance takes requests only when that instance pauses.
        spin_sdk::wit_bindgen::yield_async().await;
        busy
    }

    #[cfg(not(target_family = "wasm"))]
    async fn begin() -> Self {
        Self
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        #[cfg(target_family = "wasm")]
        spin_sdk::wit_bindgen::backpressure_dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(Password::new("가나다라마바사".to_owned()).is_err());
        assert!(Password::new("가나다라마바사아".to_owned()).is_ok());
        assert!(Password::new("가".repeat(128)).is_ok());
        assert!(Password::new("a".repeat(129)).is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", password("correct horse")).contains("horse"));
    }

    #[test]
    fn a_hash_names_todays_parameters() {
        let phc = argon2()
            .unwrap()
            .hash_password_with_salt(b"correct horse", &[7; 16])
            .unwrap()
            .to_string();
        assert!(!is_outdated(&phc), "{phc}");
        assert!(is_outdated(&phc.replace("t=2", "t=1")));
    }

    #[test]
    fn nobody_has_a_password() {
        let verdict = futures::executor::block_on(verify(&password("correct horse"), None));
        assert!(!verdict.unwrap());
    }
}
