//! Public keys by key id.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;

/// Public keys by key id: a JWK Set (RFC 7517 §5), parsed once, because that costs as much as checking a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: HashMap<String, VerifyingKey>,
}

impl KeySet {
    /// Reads a JWK Set. Keys of other kinds, and keys without an id, are passed over as RFC 7517 asks.
    ///
    /// # Errors
    /// When it is not a JWK Set.
    pub fn parse(jwks: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Jwks {
            keys: Vec<Jwk>,
        }
        /// RFC 8037 §2. Other kinds of keys have other fields.
        #[derive(Deserialize)]
        struct Jwk {
            kid: Option<String>,
            crv: Option<String>,
            x: Option<String>,
        }
        let jwks: Jwks = serde_json::from_slice(jwks)?;
        let keys = jwks.keys.into_iter().filter_map(|jwk| {
            jwk.crv.filter(|curve| curve == "Ed25519")?;
            let key = URL_SAFE_NO_PAD.decode(jwk.x?).ok()?;
            Some((jwk.kid?, VerifyingKey::try_from(key.as_slice()).ok()?))
        });
        Ok(Self { keys: keys.collect() })
    }

    /// The key of that id.
    pub(super) fn get(&self, id: &str) -> Option<&VerifyingKey> {
        self.keys.get(id)
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
