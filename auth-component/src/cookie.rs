//! The cookie that holds a browser's refresh token.

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts, uri::Authority},
};
use common::problem::Problem;

use crate::{
    refusal::Refusal,
    sessions::{self, RefreshToken},
};

/// The cookie's name.
const NAME: &str = "memo_refresh";

/// Sets and clears the cookie, for the host that the browser speaks to.
pub struct RefreshCookie {
    secure: bool,
}

impl<S: Sync> FromRequestParts<S> for RefreshCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host: Option<Authority> = host.and_then(|host| host.parse().ok());
        let host = host.as_ref().or(parts.uri.authority()).map(Authority::host);
        // Loopback has no TLS, and not every browser makes an exception for it. Everywhere else a cookie without
        // `Secure` could be read on the way.
        Ok(Self {
            secure: !host.is_some_and(is_loopback),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse();
    ip.is_ok_and(|ip: IpAddr| ip.is_loopback()) || host.eq_ignore_ascii_case("localhost")
}

type SetCookie = [(header::HeaderName, HeaderValue); 1];

impl RefreshCookie {
    /// The header that gives the browser a token.
    ///
    /// # Errors
    /// None: tokens are made of characters that a header may hold.
    pub fn set(&self, token: &RefreshToken) -> Result<SetCookie, Problem> {
        self.header(&token.to_text(), sessions::LIFE.as_secs())
    }

    /// The header that takes it away.
    ///
    /// # Errors
    /// None, as [`RefreshCookie::set`].
    pub fn clear(&self) -> Result<SetCookie, Problem> {
        self.header("", 0)
    }

    fn header(&self, value: &str, max_age_secs: u64) -> Result<SetCookie, Problem> {
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!(
            "{NAME}={value}; Path=/api/auth/session; Max-Age={max_age_secs}; HttpOnly; SameSite=Strict{secure}"
        );
        let cookie = HeaderValue::try_from(cookie).map_err(Problem::internal)?;
        Ok([(header::SET_COOKIE, cookie)])
    }
}

/// The refresh token in the request's cookies.
///
/// # Errors
/// [`Refusal::NoSession`] without one.
pub fn presented(headers: &HeaderMap) -> Result<RefreshToken, Refusal> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let token = pairs.find(|(name, _)| *name == NAME).map(|(_, token)| token);
    RefreshToken::parse(token.ok_or(Refusal::NoSession)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_other_hosts() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "memo.example",
            "localhost.example",
            "192.168.0.1",
            "[2001:db8::1]",
            "127.0.0.1.example",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
