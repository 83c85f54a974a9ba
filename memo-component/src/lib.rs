//! The memo service: each person's memos over key-value storage.
//!
//! It verifies access tokens with the issuer's public keys and knows nothing else of users. Read in this order:
//! [`routes`] (what is served), [`memo`], [`tags`] and [`words`] (what a memo is), [`catalog`] (the storage), [`issuer`]
//! (who asks), [`share_page`] and [`markdown`] (what is seen without an account).

mod addresses;
pub mod catalog;
mod config;
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
    config::ConfigErrors,
    http::{cors::Cors, layers::Layers, maintenance::MaintenanceToken},
    token::UserId,
    world::Ports,
};
use http::{HeaderName, Method, header};

use addresses::Addresses;
use catalog::{Catalog, quota::Limits};
pub use config::Config;
use config::Settings;
use routes::{cursor::CursorSeal, listeners::Listeners, transfers::Transfers};

use issuer::{Issuer, authenticator::Authenticator, public_keys::PublicKeys};

/// The longest body that is read, in bytes: the longest text with every character escaped (`\u0000`), and some.
const BODY_MAX_BYTES: usize = 1024 * 1024;

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
pub fn app(ports: Ports, config: Config, issuer: Arc<dyn Issuer>) -> Result<Router, ConfigErrors> {
    let settings = Settings::parse(&config)?;
    let keys = PublicKeys::new(ports.clone(), Arc::clone(&issuer), settings.jwks);
    let app = App {
        ports: ports.clone(),
        authenticator: Arc::new(Authenticator::new(ports.clone(), settings.profile, keys, issuer)),
        limits: config.limits,
        maintenance: settings.maintenance,
        seal: Arc::default(),
        listeners: Arc::default(),
        transfers: Arc::default(),
        addresses: Arc::new(Addresses {
            public_origin: settings.public_origin.clone(),
            allowed_origins: settings.allowed_origins.clone(),
            issuer: config.issuer,
        }),
    };
    let layers = Layers {
        service: "memo",
        body_max_bytes: BODY_MAX_BYTES,
        cors: Cors {
            origins: settings.allowed_origins,
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
        public_origin: settings.public_origin,
    };
    Ok(layers.finish(routes::router().with_state(app), &ports))
}
