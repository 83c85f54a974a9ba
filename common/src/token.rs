//! Access tokens: their claims and their verification (RFC 7519, RFC 8725, RFC 9068).
//!
//! The checking end uses another implementation than the issuing end on purpose; the two test each other. It is one
//! algorithm and one profile, so what a general JWT crate would add is 100 KB of the component and ways to go wrong.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{clock::Timestamp, problem::Problem};

/// The longest token that is looked at. Ours have about 500 bytes; what is longer was not made here.
pub const TOKEN_MAX_BYTES: usize = 2048;

/// How far the clocks of issuer and verifier may be apart.
pub const CLOCK_SKEW: Duration = Duration::from_secs(30);

/// The token type in the header (RFC 9068 §2.1), so that no other kind of JWT passes for an access token.
pub const TOKEN_TYPE: &str = "at+jwt";

/// What an access token says beside `exp` and `iat`, in RFC 9068's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// Whom the token is for.
    pub aud: String,
    /// The user's id.
    pub sub: UserId,
    /// The token's own id.
    pub jti: String,
    /// The client that it was issued to.
    pub client_id: String,
    /// The session that it belongs to.
    pub sid: String,
}

/// A verified access token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What it says.
    pub claims: Claims,
    /// When it ends to be good, before skew.
    pub expires_at: Timestamp,
}

/// A user's id: at most 64 characters of base64url, so that it can be part of a store's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(String);

impl UserId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UserId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=64).contains(&id.len()) && id.bytes().all(safe) {
            Ok(Self(id))
        } else {
            Err("not a user id")
        }
    }
}

/// Why a token is not accepted. The client is told no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None was sent.
    #[error("no access token was sent")]
    Missing,
    /// It is no token of ours: garbled, another algorithm or type, a bad signature, another issuer or audience.
    #[error("the access token is not valid")]
    Invalid,
    /// Its key is not among those known.
    #[error("the access token's key is not known")]
    UnknownKey,
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => Self::unauthorized(None, "Send an access token: Authorization: Bearer …"),
            TokenError::Expired => Self::unauthorized(Some("invalid_token"), "The access token has expired."),
            TokenError::Invalid | TokenError::UnknownKey => {
                Self::unauthorized(Some("invalid_token"), "The access token is not valid.")
            }
        }
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
///
/// # Errors
/// [`TokenError::Missing`] without the header or with another scheme; [`TokenError::Invalid`] when it is sent twice
/// or can't be a token.
pub fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(TokenError::Missing)?;
    if values.next().is_some() {
        return Err(TokenError::Invalid);
    }
    let (scheme, token) = value
        .to_str()
        .map_err(|_| TokenError::Invalid)?
        .split_once(' ')
        .ok_or(TokenError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    let token = token.trim_ascii();
    if token.is_empty() || token.len() > TOKEN_MAX_BYTES {
        return Err(TokenError::Invalid);
    }
    Ok(token)
}

/// Public keys by key id: a JWK Set (RFC 7517 §5), parsed once, because that costs as much as checking a signature.
#[derive(Clone, Debug, Default)]
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

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// The header (RFC 7515 §4.1). Fields that none of ours has are passed over, as JWT asks.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    /// Extensions that must be understood; we understand none.
    crit: Option<serde::de::IgnoredAny>,
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
    serde_json::from_slice(json).map_err(|_| TokenError::Invalid)
}

/// What this service expects of a token.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// The issuer's name.
    pub issuer: String,
    /// This service's name as an audience.
    pub audience: String,
}

impl Verifier {
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
        if header.alg != "EdDSA" || !header.typ.eq_ignore_ascii_case(TOKEN_TYPE) || header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        let key = keys.keys.get(&header.kid).ok_or(TokenError::UnknownKey)?;
        let signature = Signature::from_slice(&decode(signature)?).map_err(|_| TokenError::Invalid)?;
        key.verify_strict(signed.as_bytes(), &signature)
            .map_err(|_| TokenError::Invalid)?;
        self.check(&decode(claims)?, now)
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
        Ok(AccessToken {
            claims,
            expires_at: Timestamp(times.exp.saturating_mul(1000)),
        })
    }
}
