//! The service's configuration.

use std::sync::Arc;

use common::{
    config::{AllowedOrigins, ConfigErrors, PublicOrigin, name, service_origin},
    http::maintenance::MaintenanceToken,
    token::{KeySet, TokenProfile},
};

use crate::{catalog::quota::Limits, issuer::public_keys::PublicKeys};

/// The service's configuration, mostly from its Spin variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `iss` of the tokens it accepts.
    pub issuer: String,
    /// `aud` of the tokens it accepts.
    pub audience: String,
    /// Where the issuer is asked.
    pub jwks_origin: String,
    /// A JWK Set to fall back to; empty for none.
    pub jwks: String,
    /// Where people reach the app, such as `https://memo.example`; empty where that is not said.
    pub public_origin: String,
    /// Where the site is, if it has an origin of its own; empty where it has not.
    pub site_origin: String,
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
            jwks_origin: "http://auth.spin.internal".to_owned(),
            jwks: String::new(),
            public_origin: String::new(),
            site_origin: String::new(),
            cors_origins: String::new(),
            limits: Limits::default(),
            maintenance_token: String::new(),
        }
    }
}

/// The configuration, parsed.
pub(crate) struct Settings {
    pub(crate) profile: TokenProfile,
    pub(crate) jwks: Option<Arc<KeySet>>,
    pub(crate) public_origin: PublicOrigin,
    /// With that of the site, if it has one of its own.
    pub(crate) allowed_origins: AllowedOrigins,
    pub(crate) maintenance: MaintenanceToken,
}

impl Settings {
    /// Reads all of it.
    ///
    /// # Errors
    /// When something can't be used: all that can't.
    pub(crate) fn parse(config: &Config) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        // Who asks the issuer has been made of it already.
        errors.keep(service_origin("jwks_origin", &config.jwks_origin));
        let site_origin = errors.keep(PublicOrigin::parse("site_origin", &config.site_origin));
        let settings = Self {
            profile: TokenProfile {
                issuer: errors.keep(name("issuer", &config.issuer)),
                audience: errors.keep(name("audience", &config.audience)),
            },
            jwks: errors.keep(PublicKeys::literal(&config.jwks)),
            public_origin: errors.keep(PublicOrigin::parse("public_origin", &config.public_origin)),
            allowed_origins: errors
                .keep(AllowedOrigins::parse(&config.cors_origins))
                .and(&site_origin),
            maintenance: errors.keep(MaintenanceToken::parse(&config.maintenance_token)),
        };
        errors.check(settings)
    }
}
