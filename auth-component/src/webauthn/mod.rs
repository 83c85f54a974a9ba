//! Passkeys, as [Web Authentication](https://www.w3.org/TR/webauthn-3/) has them: what a browser is asked for, and what its
//! answer is checked against. Nothing here knows of stores or of HTTP.
//!
//! Read in this order: this file (who is asked for), [`challenge`], [`registration`] and [`assertion`] (the two ceremonies, in
//! the order of the standard's §7.1 and §7.2), and what both are made of: [`client_data`], [`authenticator_data`],
//! [`public_key`].

pub mod assertion;
mod authenticator_data;
mod base64url;
mod cbor;
pub mod challenge;
mod client_data;
pub mod public_key;
pub mod registration;

use std::net::IpAddr;

use http::{Uri, uri::Scheme};

pub use base64url::Base64Url;

/// How long somebody may take to answer, in milliseconds, as browsers are told.
const TIMEOUT_MILLIS: u64 = 5 * 60 * 1000;

/// The app, as passkeys know it: a domain, to which they belong for ever, and the origin of its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

impl RelyingParty {
    /// The app whose pages are at this origin; `None` where browsers have no passkeys. They have them for domains alone, and
    /// over https, but for `localhost`.
    pub fn at(origin: &str) -> Option<Self> {
        let uri: Uri = origin.parse().ok()?;
        let host = uri.host()?;
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        let is_safe = uri.scheme() == Some(&Scheme::HTTPS) || host == "localhost" || host.ends_with(".localhost");
        (!is_address && is_safe).then(|| Self {
            id: host.to_owned(),
            origin: origin.to_owned(),
        })
    }

    /// The domain.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why an answer of a browser is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not what the standard says that it is.
    #[error("It is not what a browser makes of a passkey.")]
    Malformed,
    /// It is of the other ceremony, or for a page of another origin, or one that was framed.
    #[error("It was made for another page.")]
    OtherPage,
    /// The challenge is not ours, or for somebody else, or too old.
    #[error("Its challenge is not ours, or is older than five minutes. Ask for new options.")]
    Challenge,
    /// It was made for another domain.
    #[error("It was made for another domain.")]
    OtherDomain,
    /// Nobody was there, or the authenticator does not know who.
    #[error("The authenticator did not verify who used it.")]
    Unverified,
    /// The key is of a kind that was not asked for, or is none.
    #[error("Its key is not one for ES256, EdDSA or RS256.")]
    Key,
    /// The signature is not of this key and this answer.
    #[error("Its signature is wrong.")]
    Signature,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_belong_to_domains_over_https_and_to_localhost() {
        let id = |origin: &str| RelyingParty::at(origin).map(|party| party.id);
        for (origin, expected) in [
            ("https://memo.example", "memo.example"),
            ("https://memo.example:8443", "memo.example"),
            ("http://localhost:3000", "localhost"),
            ("https://localhost", "localhost"),
            ("http://memo.localhost:3000", "memo.localhost"),
        ] {
            assert_eq!(id(origin).as_deref(), Some(expected), "{origin}");
        }
        for origin in [
            "http://127.0.0.1:3000",
            "https://192.0.2.7",
            "https://[::1]:3000",
            "http://memo.example",
            "http://notlocalhost",
            "",
            "null",
        ] {
            assert_eq!(id(origin), None, "{origin}");
        }
    }
}
