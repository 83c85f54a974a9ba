//! The token issuer: users, passwords, sessions, access tokens, public keys.
//!
//! Other services share nothing with it but its public keys. Read in this order: [`routes`] (what is served),
//! [`sign_in`] (is it them), [`authorization`] (what does a program ask for), [`sessions`] (for how long), [`deletion`] (how all of it ends) with [`due`] and [`memo_service`],
//! [`records`] (what lies in the store), [`tokens`] (how others can tell who somebody is), [`webauthn`] (passkeys).

pub mod authorization;
pub mod bytes32;
pub mod client_metadata;
mod config;
pub mod deletion;
pub mod due;
#[cfg(target_family = "wasm")]
mod entry;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod memo_service;
pub mod personal_tokens;
pub mod records;
pub mod routes;
pub mod security_event;
pub mod sessions;
pub mod sign_in;
pub mod tokens;
pub mod webauthn;

use std::sync::Arc;

use axum::Router;
use common::{
    config::{AllowedOrigins, ConfigErrors, PublicOrigin},
    http::{cors::Cors, layers::Layers, maintenance::MaintenanceToken},
    token::TokenProfile,
    world::Ports,
};
use http::Method;

use config::Settings;
pub use config::{Config, TrustedProxies};
use memo_service::{MemoService, Memos};
use records::challenge_key::ChallengeKey;
use routes::revocations::RevocationList;
use sign_in::password::Hasher;
use tokens::keyring::Keyring;

/// The longest body that is read, in bytes: many times the longest name and password.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// What every handler can reach.
#[derive(Clone)]
pub struct App {
    ports: Ports,
    keys: Arc<Keyring>,
    profile: Arc<TokenProfile>,
    hasher: Hasher,
    public_origin: PublicOrigin,
    /// Where the site is: at `public_origin`, unless it has an origin of its own.
    site_origin: PublicOrigin,
    allowed_origins: Arc<AllowedOrigins>,
    trusted_proxies: Arc<TrustedProxies>,
    revocations: Arc<RevocationList>,
    memos: Memos,
    maintenance: MaintenanceToken,
    challenge_key: ChallengeKey,
}

/// Makes the service, as a router for Spin, for tests and for a native server alike.
///
/// # Errors
/// When the configuration can't be used.
pub fn app(ports: Ports, config: Config, memo_service: Arc<dyn MemoService>) -> Result<Router, ConfigErrors> {
    let settings = Settings::parse(&config)?;
    let keys = Arc::new(Keyring::new(ports.clone(), settings.signing_key));
    let profile = Arc::new(settings.profile);
    let app = App {
        memos: Memos {
            service: memo_service,
            keys: Arc::clone(&keys),
            profile: Arc::clone(&profile),
        },
        maintenance: settings.maintenance,
        keys,
        profile,
        hasher: Hasher::new(config.password_cost),
        public_origin: settings.public_origin.clone(),
        site_origin: settings.site_origin,
        allowed_origins: Arc::new(settings.allowed_origins.clone()),
        trusted_proxies: Arc::new(settings.trusted_proxies),
        revocations: Arc::default(),
        challenge_key: ChallengeKey::default(),
        ports: ports.clone(),
    };
    let layers = Layers {
        service: "auth",
        body_max_bytes: BODY_MAX_BYTES,
        cors: Cors {
            origins: settings.allowed_origins,
            methods: vec![Method::GET, Method::POST, Method::PUT, Method::DELETE],
            headers: Vec::new(),
            with_credentials: true,
        },
        public_origin: settings.public_origin,
    };
    Ok(layers.finish(routes::router(&app).with_state(app), &ports))
}
