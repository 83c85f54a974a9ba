//! What a request says of the address that it was sent to. A proxy may have changed it: where it matters, the
//! configuration's `public_origin` goes first.

use http::{HeaderMap, HeaderName, Uri, header, uri::Authority};

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
