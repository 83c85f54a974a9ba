//! Secrets and hashes: 32 bytes each.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::world::{Ports, random::RandomError};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// 32 bytes, written as base64url without padding (43 characters). Comparing takes the same time whatever they are;
/// there is no `Debug`, because most of them are secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes32(pub [u8; 32]);

impl Bytes32 {
    /// Returns 32 random bytes.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    pub fn random(ports: &Ports) -> Result<Self, RandomError> {
        ports.random.bytes().map(Self)
    }

    /// The bytes as text.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The bytes of a text, where it is 32 bytes in base64url.
    pub fn from_text(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl PartialEq for Bytes32 {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Bytes32 {}

impl From<Bytes32> for String {
    fn from(bytes: Bytes32) -> Self {
        bytes.to_text()
    }
}

impl TryFrom<String> for Bytes32 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_text(&text).ok_or("not 32 bytes in base64url")
    }
}
