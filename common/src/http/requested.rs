//! What a request says of the address that it was sent to. A proxy may have changed it: where it matters, the
//! configuration's `public_origin` goes first.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, Uri, header, uri::Authority};

use crate::config::PublicOrigin;

/// Spin tells the URL that it was asked for, and lets no client set this.
const SPIN_FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");

/// Host and port: of the `Host` header, or of the request's URL, into which WASI puts them.
pub fn authority(headers: &HeaderMap, uri: &Uri) -> Option<Authority> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse().ok());
    host.or_else(|| uri.authority().cloned())
}

/// Whether the host that took the request took it by https.
pub fn came_by_https(headers: &HeaderMap) -> bool {
    headers
        .get(SPIN_FULL_URL)
        .is_some_and(|url| url.as_bytes().starts_with(b"https:"))
}

/// Whether a host is the machine itself.
pub fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse();
    ip.is_ok_and(|ip: IpAddr| ip.is_loopback()) || host.eq_ignore_ascii_case("localhost")
}

/// Whether the browser may have sent it by https. Only what is asked of the machine itself over plain http is taken for plain
/// http: elsewhere a proxy may have ended https.
pub fn may_be_https(headers: &HeaderMap, uri: &Uri) -> bool {
    let authority = authority(headers, uri);
    came_by_https(headers) || !authority.is_some_and(|authority| is_loopback(authority.host()))
}

/// The origin at which the app is reached: the configured one, or else that of the address that the request was sent to.
pub fn origin(public_origin: &PublicOrigin, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    if let Some(origin) = public_origin.get() {
        return origin.to_str().ok().map(str::to_owned);
    }
    let authority = authority(headers, uri)?;
    let scheme = if may_be_https(headers, uri) { "https" } else { "http" };
    Some(format!("{scheme}://{authority}"))
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
