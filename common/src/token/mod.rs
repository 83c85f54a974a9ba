//! Access tokens: their claims and their verification (RFC 7519, RFC 8725, RFC 9068).
//!
//! The checking end uses another implementation than the issuing end on purpose; the two test each other. It is one
//! algorithm and one profile, so what a general JWT crate would add is 100 KB of the component and ways to go wrong.
//!
//! Read in this order: this file (what a token says, and how it arrives), [`KeySet`] (public keys), [`TokenProfile`]
//! (the verification).

mod key_set;
mod profile;

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    http::{problem::Problem, problems},
    world::{
        clock::Timestamp,
        random::{Random, RandomError},
    },
};

pub use key_set::KeySet;
pub use profile::TokenProfile;

/// The longest token that is looked at. Ours have about 500 bytes; what is longer was not made here.
pub const TOKEN_MAX_BYTES: usize = 2048;

/// How far the clocks of issuer and verifier may be apart.
pub const CLOCK_SKEW: Duration = Duration::from_secs(30);

/// For how long a token may be good without the issuer being asked about it. Those of sessions are good for minutes, and
/// personal ones for a day at least.
pub const SHORT_LIVED_MAX: Duration = Duration::from_secs(12 * 60 * 60);

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
    #[serde(deserialize_with = "id")]
    pub sid: String,
    /// What it may be used for (RFC 9068 §2.2.3), as words between spaces. Tokens from before there were scopes say nothing.
    #[serde(default)]
    pub scope: String,
}

/// Reads an id that may become part of a store's key, or of what is compared with one.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    UserId::deserialize(deserializer).map(|UserId(id)| id)
}

impl Claims {
    /// Whether the token may be used for this.
    pub fn allows(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|allowed| allowed == scope)
    }
}

/// What access tokens may be used for.
pub mod scope {
    /// To read memos.
    pub const MEMOS_READ: &str = "memos:read";
    /// To write memos.
    pub const MEMOS_WRITE: &str = "memos:write";
    /// To remove everything that a person has. It is the issuer's alone, who deletes an account.
    pub const MEMOS_ERASE: &str = "memos:erase";
    /// To see and change the account: its sessions and its password.
    pub const ACCOUNT: &str = "account";
}

/// 403: the token is good, and not for this. The challenge says what a token would have to be for (RFC 6750 §3.1).
pub fn insufficient_scope(needed: &'static str) -> Problem {
    let detail = format!("The access token has to be for {needed}.");
    let problem = Problem::new(&problems::INSUFFICIENT_SCOPE, detail);
    let challenge = format!("Bearer realm=\"memo\", error=\"insufficient_scope\", scope=\"{needed}\"");
    match HeaderValue::try_from(challenge) {
        Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(_) => problem,
    }
}

/// A verified access token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What it says.
    pub claims: Claims,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires, without clock skew.
    pub expires_at: Timestamp,
    /// The token itself, where it is a personal one: good for so long that a signature is not enough, and the issuer has to be
    /// asked about it. That goes by its times and not by a claim, so no token gets around it by saying less.
    pub long_lived: Option<TokenText>,
}

/// An access token as it is sent. It is not printed.
#[derive(Clone)]
pub struct TokenText(pub Box<str>);

impl std::fmt::Debug for TokenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// A user's id: at most 64 characters of base64url, so that it can be part of a store's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(String);

impl UserId {
    /// Returns a new id that nobody else has: 128 random bits.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn random(random: &dyn Random) -> Result<Self, RandomError> {
        random.token::<16>().map(Self)
    }

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
    /// It would be good still, but its session has ended.
    #[error("the access token's session has ended")]
    Ended,
    /// It is a personal token, and would be good still, but its owner has revoked it.
    #[error("the access token was revoked")]
    Revoked,
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => Self::unauthorized(None, "Send an access token: Authorization: Bearer …"),
            TokenError::Expired => Self::unauthorized(Some("invalid_token"), "The access token has expired."),
            TokenError::Ended => Self::unauthorized(Some("invalid_token"), "The access token's session has ended."),
            TokenError::Revoked => Self::unauthorized(Some("invalid_token"), "The access token was revoked."),
            TokenError::Invalid | TokenError::UnknownKey => {
                Self::unauthorized(Some("invalid_token"), "The access token is not valid.")
            }
        }
    }
}

/// Returns the token of an `Authorization: Bearer` header (RFC 6750 §2.1).
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
