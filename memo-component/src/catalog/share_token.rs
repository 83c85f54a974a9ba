//! The token of a link, and the name that it is known by.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::world::random::{Random, RandomError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a link's address holds, and what opens the memo: 256 random bits in base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareToken(String);

impl ShareToken {
    /// A token that nobody has.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &dyn Random) -> Result<Self, RandomError> {
        random.token::<32>().map(Self)
    }

    /// The token as it stands in an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is known of it.
    pub fn id(&self) -> ShareId {
        let digest = Sha256::digest(&self.0);
        ShareId(URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default()))
    }
}

impl fmt::Debug for ShareToken {
    /// Who has the token reads the memo: it is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareToken(..)")
    }
}

impl FromStr for ShareToken {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match bytes_of(text) {
            Some(32) => Ok(Self(text.to_owned())),
            _ => Err("not the token of a link"),
        }
    }
}

/// Names a link without opening it: the first 128 bits of its token's SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShareId(String);

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ShareId {
    type Err = &'static str;

    /// Reads an id, or the token that it is of.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match bytes_of(text) {
            Some(16) => Ok(Self(text.to_owned())),
            _ => text.parse().map(|token: ShareToken| token.id()),
        }
    }
}

/// How many bytes are spelled so. A longer text is not looked at.
fn bytes_of(text: &str) -> Option<usize> {
    let may_be = text.len() <= 43;
    may_be
        .then(|| URL_SAFE_NO_PAD.decode(text).ok())?
        .map(|bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_named_by_its_digest() {
        let token: ShareToken = "A".repeat(43).parse().unwrap();
        // The first 16 bytes of SHA-256, reckoned elsewhere.
        assert_eq!(token.id().to_string(), "DwBzhbb51LfusnSGBa_hqQ");
        assert_eq!(token.as_str().parse(), Ok(token.id()), "the token will do for the id");
        assert_eq!(token.id().to_string().parse(), Ok(token.id()));
        assert_eq!(format!("{token:?}"), "ShareToken(..)");
    }

    #[test]
    fn what_can_be_neither_is_neither() {
        for wrong in [
            "",
            "A",
            "..",
            &"A".repeat(42),
            &"A".repeat(44),
            &"=".repeat(43),
            &"가".repeat(43),
        ] {
            assert!(wrong.parse::<ShareToken>().is_err(), "{wrong:?}");
            assert!(wrong.parse::<ShareId>().is_err(), "{wrong:?}");
        }
        // Another spelling of the same bytes.
        assert!(format!("{}B", "A".repeat(42)).parse::<ShareToken>().is_err());
    }
}
