//! Recovery codes: what lets somebody in again who has lost the password or the second factor.

use std::fmt;

use base32::Alphabet;
use common::world::{Ports, random::RandomError};
use hmac_sha256::HMAC;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::username::Username;
use crate::bytes32::Bytes32;

/// How many codes a user is given at a time.
pub const CODES: usize = 10;

/// The letters of a group.
const GROUP: usize = 4;

/// The bytes of a code, which are six groups of letters.
const BYTES: usize = 15;

/// The bytes of codes from before there were so many, which are four groups. They are good until they are spent or void.
const EARLIER_BYTES: usize = 10;

/// A recovery code: 120 random bits, of which nobody can guess one.
///
/// It is written in Crockford's base32, which has no letters that look like others, in groups of four. It is read in
/// upper and in lower case, with and without hyphens and spaces, and O, I and L are taken for what they look like.
pub struct RecoveryCode(Zeroizing<Vec<u8>>);

impl RecoveryCode {
    /// Makes a code.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    pub fn random(ports: &Ports) -> Result<Self, RandomError> {
        let bytes = ports.random.bytes::<BYTES>()?;
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Makes as many codes as a user has at first.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    pub fn random_set(ports: &Ports) -> Result<Vec<Self>, RandomError> {
        (0..CODES).map(|_| Self::random(ports)).collect()
    }

    /// Reads what somebody typed; `None` when it can't be a code.
    pub fn parse(text: &str) -> Option<Self> {
        let is_letter = |character: &char| *character != '-' && !character.is_whitespace();
        let letters: String = text.chars().filter(is_letter).take(letters_of(BYTES) + 1).collect();
        let is_whole = [letters_of(BYTES), letters_of(EARLIER_BYTES)].contains(&letters.len());
        let bytes = base32::decode(Alphabet::Crockford, &letters).filter(|_| is_whole)?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The code as people see it.
    pub fn to_text(&self) -> String {
        let letters: Vec<char> = base32::encode(Alphabet::Crockford, self.0.as_slice()).chars().collect();
        let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }

    /// What is kept of it, for the user of this name.
    ///
    /// One HMAC is enough. Argon2 makes guesses slow where there are few to make, as with passwords; here there are 2¹²⁰, and of
    /// earlier codes 2⁸⁰. The name keeps one guess from being held against everybody's codes, and is known before anything is read.
    pub fn hash(&self, username: &Username) -> RecoveryCodeHash {
        let name = format!("recovery-code\n{}", username.as_str());
        RecoveryCodeHash(Bytes32(HMAC::mac(name.as_bytes(), self.0.as_slice())))
    }
}

/// How many letters so many bytes have, at five bits a letter.
const fn letters_of(bytes: usize) -> usize {
    bytes * 8 / 5
}

/// What is kept of a recovery code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryCodeHash(Bytes32);

impl fmt::Debug for RecoveryCodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodeHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use common::testing::World;

    use super::*;

    fn username(name: &str) -> Username {
        Username::try_from(name.to_owned()).unwrap()
    }

    fn parsed(text: &str) -> Option<String> {
        RecoveryCode::parse(text).map(|code| code.to_text())
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::random(&World::new().ports()).unwrap();
        let text = code.to_text();
        assert_eq!((text.len(), text.matches('-').count()), (29, 5), "{text}");
        for typed in [
            text.clone(),
            text.replace('-', ""),
            text.to_lowercase(),
            format!(" {} ", text.replace('-', " ")),
        ] {
            assert_eq!(parsed(&typed), Some(text.clone()), "{typed}");
        }
        assert_eq!(
            parsed("O0iL-1111-abcd-zzzz-2345-6789").as_deref(),
            Some("0011-1111-ABCD-ZZZZ-2345-6789")
        );
    }

    #[test]
    fn a_code_from_before_there_were_so_many_letters_is_one() {
        assert_eq!(parsed("O0iL-1111-abcd-zzzz").as_deref(), Some("0011-1111-ABCD-ZZZZ"));
        let earlier = RecoveryCode::parse("0123-4567-89AB-CDEF").unwrap();
        // As it was kept then.
        let mac = HMAC::mac(b"recovery-code\nann", earlier.0.as_slice());
        assert!(earlier.hash(&username("ann")) == RecoveryCodeHash(Bytes32(mac)));
        assert_eq!(earlier.0.len(), 10);
    }

    #[test]
    fn two_codes_are_never_the_same_one() {
        let codes = RecoveryCode::random_set(&World::new().ports()).unwrap();
        let texts: std::collections::BTreeSet<String> = codes.iter().map(RecoveryCode::to_text).collect();
        assert_eq!(texts.len(), CODES);
    }

    #[test]
    fn what_is_too_short_or_too_long_or_has_other_letters_is_no_code() {
        for text in [
            "",
            "0123-4567-89AB-CDE",
            "0123-4567-89AB-CDEFG",
            "0123-4567-89AB-CDEU",
            "0123-4567-89AB-CDE=",
            "0123-4567-89AB-CDE가",
            "0123-4567-89AB-CDEF-0123",
            "0123-4567-89AB-CDEF-0123-456",
            "0123-4567-89AB-CDEF-0123-45678",
            "0123-4567-89AB-CDEF-0123-456U",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parsed(&"0".repeat(100_000)), None);
    }

    #[test]
    fn the_same_code_is_kept_as_something_else_for_somebody_else() {
        let code = RecoveryCode::parse("0123-4567-89AB-CDEF").unwrap();
        assert!(code.hash(&username("ann")) == code.hash(&username("ann")));
        assert!(code.hash(&username("ann")) != code.hash(&username("bob")));
    }
}
