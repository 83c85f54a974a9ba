//! The memo service: each person's memos over key-value storage.
//!
//! It verifies access tokens with the issuer's public keys and knows nothing else of users.
//! Read in this order: [`memos`] (the routes), [`memo`] (the types), [`catalog`] (the storage), [`keys`] (who asks).

pub mod catalog;
#[cfg(target_family = "wasm")]
mod entry;
pub mod idempotency;
pub mod keys;
pub mod memo;
pub mod memos;
pub mod precondition;
pub mod skip;

use std::sync::Arc;

use axum::Router;
use common::{layers, ports::Ports, token::Verifier};

use keys::{Authenticator, Issuer};

/// The longest body that is read, in bytes: the longest text with every character escaped (`\u0000`), and some.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The service's configuration, from its Spin variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `iss` of the tokens it accepts.
    pub issuer: String,
    /// `aud` of the tokens it accepts.
    pub audience: String,
    /// A JWK Set to fall back to; empty for none.
    pub jwks: String,
    /// Origins of other sites, comma-separated; empty for none.
    pub cors_origins: String,
}

/// What every handler can reach.
#[derive(Clone)]
pub struct App {
    ports: Ports,
    authenticator: Arc<Authenticator>,
}

/// The service as a router, for Spin, for tests and for a native server alike.
///
/// # Errors
/// When the configuration can't be used.
pub fn app(ports: Ports, config: Config, issuer: Arc<dyn Issuer>) -> Result<Router, String> {
    let verifier = Verifier {
        issuer: config.issuer,
        audience: config.audience,
    };
    let authenticator = Authenticator::new(ports.clone(), verifier, issuer, &config.jwks)?;
    let app = App {
        ports: ports.clone(),
        authenticator: Arc::new(authenticator),
    };
    Ok(layers::finish(
        memos::routes().with_state(app),
        "memo",
        &ports,
        BODY_MAX_BYTES,
        &config.cors_origins,
    ))
}
