//! Passwords: what one must be like, and how it is kept.
//!
//! Kept as Argon2id hashes in PHC strings, with one of the parameter sets that OWASP's Password Storage Cheat Sheet
//! calls equally strong; each string names its own, so they can be raised.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier},
};
use common::{
    http::problem::Problem,
    world::{Ports, random::RandomError},
};
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

/// The fewest characters (NIST SP 800-63B §3.1.1.2).
pub const CHARACTERS_MIN: usize = 8;

/// The most characters: room for any passphrase. Argon2 itself reads far longer ones at little more cost.
pub const CHARACTERS_MAX: usize = 128;

/// A salt and a hash that belong to no password. A sign-in as somebody who does not exist is checked against them, so
/// that it takes as long as any other.
const DUMMY_HASH: &str = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password. It is not shown by `Debug` and is wiped after use.
pub struct Password {
    /// In NFC, as it is hashed.
    text: Zeroizing<String>,
    /// As it was typed, where that is something else: hashes from before passwords were normalised may be of that.
    as_typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Checks the length, and normalises the text (NFC). The same Hangul is sent composed by one system and decomposed
    /// by another; it has to be the same password.
    ///
    /// # Errors
    /// What is wrong, for the person.
    pub fn new(text: String) -> Result<Self, String> {
        let text = Zeroizing::new(text);
        let normalised = Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned());
        match normalised.chars().count() {
            CHARACTERS_MIN..=CHARACTERS_MAX => Ok(Self {
                as_typed: (*text != *normalised).then_some(text),
                text: normalised,
            }),
            _ => Err(format!("It must have {CHARACTERS_MIN} to {CHARACTERS_MAX} characters.")),
        }
    }

    /// The text, in NFC.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB. An instance needs it once, because it makes one hash at a time.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl Cost {
    /// The one of OWASP's equally strong choices with the least memory: many sign-ins at once must fit small machines.
    pub const OWASP: Self = Self {
        memory_kib: 7 * 1024,
        passes: 5,
    };
}

/// A password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// There is no randomness for a salt.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// There is no memory, or the stored hash can't be read.
    #[error("a password can't be hashed: {0}")]
    Argon2(String),
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        Self::unavailable(error)
    }
}

/// What a hash says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was made from this password.
    Right,
    /// It was made from this password as it was typed, before passwords were normalised.
    RightAsTyped,
    /// It was made from another one.
    Wrong,
}

/// Makes and checks hashes, at one cost.
#[derive(Clone)]
pub struct Hasher {
    cost: Cost,
    /// How the PHC string of a hash with this cost begins.
    prefix: Arc<str>,
}

impl Hasher {
    /// Hashes at this cost.
    pub fn new(cost: Cost) -> Self {
        let Cost { memory_kib, passes } = cost;
        Self {
            cost,
            prefix: format!("$argon2id$v=19$m={memory_kib},t={passes},p=1$").into(),
        }
    }

    /// Makes the hash to keep, as a PHC string.
    ///
    /// # Errors
    /// Without randomness or memory.
    pub async fn hash(&self, ports: &Ports, password: &Password) -> Result<String, HashError> {
        let salt = ports.random.bytes::<16>()?;
        let _raised = ports.backpressure.raise().await;
        let hash = self.argon2()?.hash_password_with_salt(password.text.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| HashError::Argon2(error.to_string()))
    }

    /// Whether `password` is the one that `phc` was made from. Without a `phc` it takes as long, and is not.
    ///
    /// # Errors
    /// Without memory, or when `phc` can't be read.
    pub async fn verify(&self, ports: &Ports, password: &Password, phc: Option<&str>) -> Result<Verdict, HashError> {
        if self.is_hash_of(ports, &password.text, phc).await? {
            return Ok(Verdict::Right);
        }
        match &password.as_typed {
            Some(as_typed) if self.is_hash_of(ports, as_typed, phc).await? => Ok(Verdict::RightAsTyped),
            _ => Ok(Verdict::Wrong),
        }
    }

    async fn is_hash_of(&self, ports: &Ports, text: &str, phc: Option<&str>) -> Result<bool, HashError> {
        let _raised = ports.backpressure.raise().await;
        let dummy = format!("{}{DUMMY_HASH}", self.prefix);
        let verdict = self.argon2()?.verify_password(text.as_bytes(), phc.unwrap_or(&dummy));
        match verdict {
            Ok(()) => Ok(phc.is_some()),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(HashError::Argon2(error.to_string())),
        }
    }

    /// Whether a hash was made at another cost than this one.
    pub fn is_outdated(&self, phc: &str) -> bool {
        !phc.starts_with(&*self.prefix)
    }

    fn argon2(&self) -> Result<Argon2<'static>, HashError> {
        let params = Params::new(self.cost.memory_kib, self.cost.passes, 1, None)
            .map_err(|error| HashError::Argon2(error.to_string()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

#[cfg(test)]
mod tests {
    use common::testing::{World, run};
    use icu_normalizer::DecomposingNormalizerBorrowed;

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
    fn decomposed_and_composed_letters_are_the_same_password() {
        let nfd = |text: &str| DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned();
        let (composed, decomposed) = ("비밀번호는 한글", nfd("비밀번호는 한글"));
        assert_ne!(composed, decomposed);
        assert_eq!(*password(composed).text, *password(&decomposed).text);
        // Seven syllables are seven characters, however many letters they are sent as.
        assert!(Password::new(nfd("가나다라마바사")).is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", password("correct horse")).contains("horse"));
    }

    #[test]
    fn a_hash_names_its_cost_and_one_of_another_cost_is_outdated() {
        let world = World::new();
        let hasher = Hasher::new(Cost::OWASP);
        let phc = run(hasher.hash(&world.ports(), &password("correct horse"))).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=7168,t=5,p=1$"), "{phc}");
        assert!(!hasher.is_outdated(&phc));
        assert!(hasher.is_outdated(&phc.replace("t=5", "t=4")));
        assert!(hasher.is_outdated(&phc.replace("m=7168", "m=19456")));
    }

    #[test]
    fn nobody_has_a_password_and_is_hashed_for_all_the_same() {
        let world = World::new();
        let hasher = Hasher::new(Cost::OWASP);
        let dummy = format!("{}{DUMMY_HASH}", hasher.prefix);
        // If argon2 could not read the dummy it would not hash, and the time would tell.
        assert!(password_hash::phc::PasswordHash::new(&dummy).is_ok());
        let verdict = run(hasher.verify(&world.ports(), &password("correct horse"), None));
        assert_eq!(verdict.unwrap(), Verdict::Wrong);
        assert_eq!(world.backpressure.count(), 1);
    }
}
