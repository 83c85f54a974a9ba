//! The id of a request, which ties together what several services log of it.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::world::{Ports, clock::Timestamp};

/// Names a request across services and logs.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the caller's id for the request where it is sane, or a new one.
pub fn request_id(headers: &HeaderMap, ports: &Ports, now: Timestamp) -> HeaderValue {
    let sane = |id: &&HeaderValue| {
        let bytes = id.as_bytes();
        (1..=128).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    if let Some(id) = headers.get(X_REQUEST_ID).filter(sane) {
        return id.clone();
    }
    // An id need not be unpredictable. Without randomness the time has to do: no request goes without an id.
    let id = ports.random.bytes().map_or(u128::from(now.0), u128::from_le_bytes);
    HeaderValue::try_from(format!("{id:032x}")).unwrap_or(HeaderValue::from_static("-"))
}
