//! The service's configuration.

use std::net::IpAddr;

use common::config::{ConfigError, entries};
use ipnet::IpNet;

use crate::sign_in::password::Cost;

/// The service's configuration, mostly from its Spin variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `iss` of the tokens it makes.
    pub issuer: String,
    /// `aud` of the tokens it makes.
    pub audience: String,
    /// The seed of the signing key, 32 bytes in base64url, or several with commas, of which the first one signs; empty for keys made
    /// and kept in the store.
    pub signing_key: String,
    /// Where people reach the app, such as `https://memo.example`; empty to take a request's word for it.
    pub public_origin: String,
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
            public_origin: String::new(),
            cors_origins: String::new(),
            trusted_proxies: String::new(),
            maintenance_token: String::new(),
            password_cost: Cost::OWASP,
        }
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
