//! The token issuer: users, passwords, sessions, access tokens, public keys.
//!
//! Other services share nothing with it but its public keys. Read in this order: [`users`] (who), [`passwords`] and
//! [`credentials`] (is it them), [`sessions`] (for how long), [`access_token`] and [`keys`] (how others can tell),
//! then the two ways in: [`token_endpoint`] for programs and [`browser`] for the site.

pub mod access_token;
pub mod browser;
pub mod bytes32;
pub mod cookie;
pub mod credentials;
#[cfg(target_family = "wasm")]
mod entry;
pub mod keys;
pub mod passwords;
pub mod refusal;
pub mod sessions;
pub mod token_endpoint;
pub mod users;

use std::sync::Arc;

use axum::Router;
use common::{layers, ports::Ports, token::Verifier};

use keys::Keyring;

/// The longest body that is read, in bytes: many times the longest name and password.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// The service's configuration, from its Spin variables.
#[derive(Clone)]
pub struct Config {
    /// `iss` of the tokens it makes.
    pub issuer: String,
    /// `aud` of the tokens it makes.
    pub audience: String,
    /// The seed of the signing key, 32 bytes in base64url; empty for keys made and kept in the store.
    pub signing_key: String,
    /// Origins of other sites, comma-separated; empty for none.
    pub cors_origins: String,
}

/// What every handler can reach.
#[derive(Clone)]
pub struct App {
    ports: Ports,
    keys: Arc<Keyring>,
    verifier: Arc<Verifier>,
    cors_origins: Arc<str>,
}

/// The service as a router, for Spin, for tests and for a native server alike.
///
/// # Errors
/// When the configuration can't be used.
pub fn app(ports: Ports, config: Config) -> Result<Router, String> {
    let app = App {
        ports: ports.clone(),
        keys: Arc::new(Keyring::new(ports.clone(), &config.signing_key)?),
        verifier: Arc::new(Verifier {
            issuer: config.issuer,
            audience: config.audience,
        }),
        cors_origins: config.cors_origins.as_str().into(),
    };
    let router = Router::new()
        .merge(users::routes())
        .merge(token_endpoint::routes())
        .merge(browser::routes(&app))
        .merge(keys::routes())
        .with_state(app);
    Ok(layers::finish(
        router,
        "auth",
        &ports,
        BODY_MAX_BYTES,
        &config.cors_origins,
    ))
}
