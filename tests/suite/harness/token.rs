//! Making tokens that the app never would, with its own key.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::notice::left_out;

/// The seed that the shared host signs with (variable `signing_key`), 32 bytes in base64url.
pub const SEED: &str = "bWVtby1ibGFja2JveC1zdWl0ZS1zaWduaW5nLXNlZWQ";

/// The key of the app under test. `None`, said loudly, where it is not known: another server's may be given
/// in `MEMO_SIGNING_KEY`.
pub fn own_key() -> Option<SigningKey> {
    let seed = match (super::remote(), std::env::var("MEMO_SIGNING_KEY")) {
        (None, _) => SEED.to_owned(),
        (Some(_), Ok(seed)) => seed,
        (Some(_), Err(_)) => {
            left_out("forges tokens with the server's own key, and MEMO_SIGNING_KEY does not give it");
            return None;
        }
    };
    let seed = URL_SAFE_NO_PAD.decode(seed).expect("a seed is base64url");
    Some(SigningKey::from_bytes(&seed.try_into().expect("a seed has 32 bytes")))
}

/// A key that the app does not know.
pub fn foreign_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A good token taken apart, to be changed and signed again.
#[derive(Clone)]
pub struct Forge {
    pub header: Value,
    pub claims: Value,
}

impl Forge {
    /// Takes a token apart.
    pub fn from(token: &str) -> Self {
        let mut parts = token
            .split('.')
            .map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"));
        let mut json = || serde_json::from_slice(&parts.next().expect("three parts")).unwrap_or_default();
        Self {
            header: json(),
            claims: json(),
        }
    }

    /// With one claim changed.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Without a claim.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("claims are an object").remove(name);
        self
    }

    /// With one header field changed.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Without a header field.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().expect("a header is an object").remove(name);
        self
    }

    /// Signed with a key.
    pub fn signed(&self, key: &SigningKey) -> String {
        self.with_signature(|message| key.sign(message).to_vec())
    }

    /// Signed with HMAC-SHA-256 under any secret.
    pub fn signed_with_hs256(&self, secret: &[u8]) -> String {
        self.with_signature(|message| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes any key");
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        })
    }

    /// With whatever signature, or none.
    pub fn with_signature(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// A token of these bytes, whatever they are, signed with a key.
pub fn compact(header: &[u8], claims: &[u8], key: &SigningKey) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

/// Seconds since 1970, as in claims.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs())
}
