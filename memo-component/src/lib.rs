//! The memo service: each person's memos over key-value storage.
//!
//! It verifies access tokens with the issuer's public keys and knows nothing else of users. Read in this order:
//! [`routes`] (what is served), [`memo`], [`tags`] and [`words`] (what a memo is), [`catalog`] (the storage), [`issuer`]
//! (who asks), [`share_page`] and [`markdown`] (what is seen without an account).

mod addresses;
pub mod catalog;
#[cfg(target_family = "wasm")]
mod entry;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod issuer;
pub mod markdown;
pub mod memo;
pub mod routes;
pub mod share_page;
pub mod tags;
pub mod transfer;
pub mod words;

use std::sync::Arc;

use axum::Router;
use common::{
    config::{AllowedOrigins, ConfigError, PublicOrigin},
    http::{cors::Cors, layers::Layers, maintenance::MaintenanceToken},
    token::{TokenProfile, UserId},
    world::Ports,
};
use http::{HeaderName, Method, header};

use addresses::Addresses;
use catalog::{Catalog, quota::Limits};
use routes::{cursor::CursorSeal, listeners::Listeners, transfers::Transfers};

use issuer::{Issuer, authenticator::Authenticator, public_keys::PublicKeys};

/// The longest body that is read, in bytes: the longest text with every character escaped (`\u0000`), and some.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The service's configuration, mostly from its Spin variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `iss` of the tokens it accepts.
    pub issuer: String,
    /// `aud` of the tokens it accepts.
    pub audience: String,
    /// A JWK Set to fall back to; empty for none.
    pub jwks: String,
    /// Where people reach the app, such as `https://memo.example`; empty where that is not said.
    pub public_origin: String,
    /// Origins of other sites, comma-separated; empty for none.
    pub cors_origins: String,
    /// How much one person may keep, and how long the trash does.
    pub limits: Limits,
    /// The token that maintenance is asked for with; empty: maintenance can't be asked for.
    pub maintenance_token: String,
}

impl Config {
    /// The defaults, with these names for issuer and audience.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            jwks: String::new(),
            public_origin: String::new(),
            cors_origins: String::new(),
            limits: Limits::default(),
            maintenance_token: String::new(),
        }
    }
}

/// What every handler can reach.
#[derive(Clone)]
pub struct App {
    ports: Ports,
    authenticator: Arc<Authenticator>,
    limits: Limits,
    maintenance: MaintenanceToken,
    seal: Arc<CursorSeal>,
    listeners: Arc<Listeners>,
    transfers: Arc<Transfers>,
    addresses: Arc<Addresses>,
}

impl App {
    /// The memos of `user`.
    fn catalog<'a>(&'a self, user: &'a UserId) -> Catalog<'a> {
        Catalog::of(user, &self.ports, &self.limits)
    }
}

/// Makes the service, as a router for Spin, for tests and for a native server alike.
///
/// # Errors
/// When the configuration can't be used.
pub fn app(ports: Ports, config: Config, issuer: Arc<dyn Issuer>) -> Result<Router, ConfigError> {
    let profile = TokenProfile {
        issuer: config.issuer.clone(),
        audience: config.audience,
    };
    let keys = PublicKeys::new(ports.clone(), Arc::clone(&issuer), &config.jwks)?;
    let public_origin = PublicOrigin::parse(&config.public_origin)?;
    let allowed_origins = AllowedOrigins::parse(&config.cors_origins)?;
    let app = App {
        ports: ports.clone(),
        authenticator: Arc::new(Authenticator::new(ports.clone(), profile, keys, issuer)),
        limits: config.limits,
        maintenance: MaintenanceToken::new(&config.maintenance_token),
        seal: Arc::default(),
        listeners: Arc::default(),
        transfers: Arc::default(),
        addresses: Arc::new(Addresses {
            public_origin: public_origin.clone(),
            allowed_origins: allowed_origins.clone(),
            issuer: config.issuer,
        }),
    };
    let layers = Layers {
        service: "memo",
        body_max_bytes: BODY_MAX_BYTES,
        cors: Cors {
            origins: allowed_origins,
            methods: vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE],
            headers: vec![
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                HeaderName::from_static("idempotency-key"),
                HeaderName::from_static("last-event-id"),
                HeaderName::from_static("mcp-protocol-version"),
                HeaderName::from_static("mcp-method"),
                HeaderName::from_static("mcp-name"),
            ],
            // Who asks is said by a token, which no browser adds by itself.
            with_credentials: false,
        },
        public_origin,
    };
    Ok(layers.finish(routes::router().with_state(app), &ports))
}
