//! The token issuer as this service knows it, and who a request comes from.
//!
//! Read in this order: [`authenticator`] (from a request to a user), [`public_keys`] (what tokens are checked with),
//! [`seen_tokens`] (so that none is checked twice), [`revocations`] (whose session has ended since), [`introspection`] (whether a
//! personal token is still good), `http` (the issuer over HTTP; in Wasm only).

pub mod authenticator;
#[cfg(target_family = "wasm")]
pub mod http;
pub mod introspection;
pub mod public_keys;
pub mod revocations;
pub mod seen_tokens;

use ::http::HeaderMap;
use async_trait::async_trait;

/// The issuer did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the issuer did not answer as it should: {0}")]
pub struct IssuerError(pub String);

/// The token issuer, as far as this service needs it.
#[async_trait]
pub trait Issuer: Send + Sync {
    /// Its JWK Set (RFC 7517). `context` are the headers that tie the question to the request that caused it.
    async fn jwks(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError>;

    /// Its list of sessions that ended before their access tokens did: `GET /api/auth/revocations`.
    async fn revocations(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError>;

    /// Whether it calls this token active: `POST /api/auth/introspect` (RFC 7662).
    async fn introspect(&self, token: &str, context: HeaderMap) -> Result<Vec<u8>, IssuerError>;

    /// Whether it tells that at all. One that is nothing but keys, which somebody was given, tells neither.
    fn tells_revocations(&self) -> bool {
        true
    }
}
