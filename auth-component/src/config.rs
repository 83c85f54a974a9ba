//! The service's configuration.

use std::{net::IpAddr, sync::Arc};

use common::{
    config::{AllowedOrigins, ConfigError, ConfigErrors, PublicOrigin, entries, name, service_origin},
    http::maintenance::MaintenanceToken,
    token::TokenProfile,
};
use ipnet::IpNet;

use crate::{
    sign_in::password::Cost,
    tokens::keyring::{Keyring, Keys},
};

/// The service's configuration, mostly from its Spin variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `iss` of the tokens it makes.
    pub issuer: String,
    /// `aud` of the tokens it makes.
    pub audience: String,
    /// The seed of the signing key, 32 bytes in base64url; empty for keys made and kept in the store.
    pub signing_key: String,
    /// Where the memo service is asked.
    pub memo_origin: String,
    /// Where people reach the app, such as `https://memo.example`; empty to take a request's word for it.
    pub public_origin: String,
    /// Where the site is, if it has an origin of its own; empty where it has not.
    pub site_origin: String,
    /// Origins of other sites, comma-separated; empty for none.
    pub cors_origins: String,
    /// Addresses or networks of the proxies whose `X-Forwarded-For` is believed, comma-separated; empty for none.
    pub trusted_proxies: String,
    /// The token that maintenance is asked for with; empty: maintenance can't be asked for.
    pub maintenance_token: String,
    /// What hashing a password costs.
    pub password_cost: Cost,
}

impl Config {
    /// The defaults, with these names for issuer and audience.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            signing_key: String::new(),
            memo_origin: "http://memo.spin.internal".to_owned(),
            public_origin: String::new(),
            site_origin: String::new(),
            cors_origins: String::new(),
            trusted_proxies: String::new(),
            maintenance_token: String::new(),
            password_cost: Cost::OWASP,
        }
    }
}

/// The configuration, parsed.
pub(crate) struct Settings {
    pub(crate) profile: TokenProfile,
    pub(crate) signing_key: Option<Arc<Keys>>,
    pub(crate) public_origin: PublicOrigin,
    /// That of the site: the app's, unless it has one of its own.
    pub(crate) site_origin: PublicOrigin,
    /// With that of the site, if it has one of its own.
    pub(crate) allowed_origins: AllowedOrigins,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) maintenance: MaintenanceToken,
}

impl Settings {
    /// Reads all of it.
    ///
    /// # Errors
    /// When something can't be used: all that can't.
    pub(crate) fn parse(config: &Config) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        // Who asks the memo service has been made of it already.
        errors.keep(service_origin("memo_origin", &config.memo_origin));
        let public_origin = errors.keep(PublicOrigin::parse("public_origin", &config.public_origin));
        let site_origin = errors.keep(PublicOrigin::parse("site_origin", &config.site_origin));
        let settings = Self {
            profile: TokenProfile {
                issuer: errors.keep(name("issuer", &config.issuer)),
                audience: errors.keep(name("audience", &config.audience)),
            },
            signing_key: errors.keep(Keyring::given(&config.signing_key)),
            allowed_origins: errors
                .keep(AllowedOrigins::parse(&config.cors_origins))
                .and(&site_origin),
            site_origin: site_origin.or(&public_origin),
            public_origin,
            trusted_proxies: errors.keep(TrustedProxies::parse(&config.trusted_proxies)),
            maintenance: errors.keep(MaintenanceToken::parse(&config.maintenance_token)),
        };
        errors.check(settings)
    }
}

/// The proxies whose word on a client's address is believed: the variable `trusted_proxies`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks such as `10.0.0.0/8, ::1`.
    ///
    /// # Errors
    /// When an entry is neither.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let parsed = entries(text).map(|entry| {
            let network = entry.parse::<IpNet>().ok();
            network
                .or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from))
                .ok_or_else(|| ConfigError::new("trusted_proxies", "an entry is neither an address nor a network"))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}
