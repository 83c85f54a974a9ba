//! The verification of access tokens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{
    AccessToken, CLOCK_SKEW, Claims, KeySet, SHORT_LIVED_MAX, TOKEN_MAX_BYTES, TOKEN_TYPE, TokenError, TokenText,
};
use crate::world::clock::Timestamp;

/// The header (RFC 7515 §4.1). Fields that none of ours has are passed over, as JWT asks.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    /// Whether there are extensions that must be understood; we understand none.
    #[serde(default, rename = "crit", deserialize_with = "is_there")]
    has_crit: bool,
}

/// Reads any value, `null` as well: what matters is that there is one.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The claims about time, in seconds (RFC 7519 §4.1).
#[derive(Deserialize)]
struct Times {
    exp: u64,
    iat: u64,
    #[serde(default)]
    nbf: u64,
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Invalid)
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, TokenError> {
    // A derived type would take a list of its fields' values as well.
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(TokenError::Invalid);
    }
    // Where a field is passed over, serde_json looks at its quotes and no closer.
    let json = std::str::from_utf8(json).map_err(|_| TokenError::Invalid)?;
    serde_json::from_str(json).map_err(|_| TokenError::Invalid)
}

/// Who issues tokens, and for whom: what both ends of a token agree on.
#[derive(Clone, Debug)]
pub struct TokenProfile {
    /// The issuer's name: `iss` of its tokens.
    pub issuer: String,
    /// The name of those whom the tokens are for: `aud`.
    pub audience: String,
}

impl TokenProfile {
    /// Checks `token` against `keys`: Ed25519 and nothing else, the type, the signature, issuer, audience and times.
    ///
    /// # Errors
    /// Any [`TokenError`] but [`TokenError::Missing`].
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<AccessToken, TokenError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        let header: Header = read(&decode(header)?)?;
        if header.alg != "EdDSA" || !header.typ.eq_ignore_ascii_case(TOKEN_TYPE) || header.has_crit {
            return Err(TokenError::Invalid);
        }
        keys.verify(&header.kid, signed.as_bytes(), &decode(signature)?)?;
        let mut verified = self.check(&decode(claims)?, now)?;
        if verified.expires_at.since(verified.issued_at) > SHORT_LIVED_MAX {
            verified.long_lived = Some(TokenText(token.into()));
        }
        Ok(verified)
    }

    fn check(&self, claims: &[u8], now: Timestamp) -> Result<AccessToken, TokenError> {
        let times: Times = read(claims)?;
        let claims: Claims = read(claims)?;
        let (now, skew) = (now.as_secs(), CLOCK_SKEW.as_secs());
        let is_early = times.iat.max(times.nbf) > now.saturating_add(skew);
        if claims.iss != self.issuer || claims.aud != self.audience || is_early {
            return Err(TokenError::Invalid);
        }
        if times.exp.saturating_add(skew) <= now {
            return Err(TokenError::Expired);
        }
        // A moment that no clock can tell is no time to expire.
        let expires_at = times.exp.checked_mul(1000).map(Timestamp);
        let expires_at = expires_at.ok_or(TokenError::Invalid)?;
        // At most a few seconds from now.
        let issued_at = Timestamp(times.iat.saturating_mul(1000));
        Ok(AccessToken {
            claims,
            issued_at,
            expires_at,
            long_lived: None,
        })
    }
}
