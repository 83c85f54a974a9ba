//! Access tokens as the issuer would make them, many and fast: the bench gives all contestants their signing key.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

/// A key for benches only.
const SEED: [u8; 32] = [7; 32];

/// Longer than any run.
const LIFE_SECS: u64 = 2 * 60 * 60;

/// The value of the variable `signing_key`.
pub fn seed() -> String {
    URL_SAFE_NO_PAD.encode(SEED)
}

/// The key as a private JWK (RFC 8037), for issuers that take one.
pub fn jwk(key_id: &str) -> String {
    let public = SigningKey::from_bytes(&SEED).verifying_key();
    json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id,
        "d": seed(), "x": URL_SAFE_NO_PAD.encode(public.as_bytes()),
    })
    .to_string()
}

/// Makes tokens.
pub struct Mint {
    key: SigningKey,
    header: String,
}

impl Mint {
    /// `key_id` is what the contestant calls the key.
    pub fn new(key_id: &str) -> Self {
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key_id}).to_string();
        Self {
            key: SigningKey::from_bytes(&SEED),
            header: URL_SAFE_NO_PAD.encode(header),
        }
    }

    /// A token that nobody has seen.
    pub fn token(&self, user: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let id = |bytes: [u8; 16]| URL_SAFE_NO_PAD.encode(bytes);
        let claims = json!({
            "iss": "memo-auth", "aud": "memo-api", "sub": user, "client_id": "memo-web",
            "iat": now, "exp": now + LIFE_SECS, "scope": "memos:read memos:write",
            "jti": id(fastrand::u128(..).to_le_bytes()), "sid": id(fastrand::u128(..).to_le_bytes()),
        });
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}
