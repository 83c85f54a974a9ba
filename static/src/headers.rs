//! What every response carries, whatever it is.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The page may load its own origin, call that and the services (`build/api_origin.rs`) and nothing else, and no string becomes
/// script or style: the one policy of trusted types that there is, in `public/js/shell/shell.js`, knows no address but the
/// service worker's.
const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src ",
    env!("MEMO_CONNECT_SRC"),
    "; img-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types service-worker"
);

const SAFE: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Two years. What other hosts of the domain do is not ours to say.
const HSTS: &str = "max-age=63072000";

/// Adds the headers that every response to `request` carries.
pub fn add_common(request: &HeaderMap, response: &mut HeaderMap) {
    for (name, value) in SAFE {
        response.insert(name, HeaderValue::from_static(value));
    }
    if came_by_https(request) {
        response.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if let Some(id) = request_id(request) {
        response.insert(X_REQUEST_ID, id);
    }
}

/// Spin tells the URL it was asked for; behind a proxy that ends TLS, the proxy tells the scheme.
fn came_by_https(request: &HeaderMap) -> bool {
    let starts_with = |name: &str, prefix: &[u8]| {
        request
            .get(name)
            .is_some_and(|value| value.as_bytes().starts_with(prefix))
    };
    starts_with("spin-full-url", b"https:") || starts_with("x-forwarded-proto", b"https")
}

/// The caller's id for the request where it is sane, or a new one.
fn request_id(request: &HeaderMap) -> Option<HeaderValue> {
    let sane = |id: &&HeaderValue| {
        (1..=128).contains(&id.len())
            && id
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    if let Some(id) = request.get(X_REQUEST_ID).filter(sane) {
        return Some(id.clone());
    }
    let random = getrandom::u64().ok()?;
    HeaderValue::try_from(format!("{random:016x}")).ok()
}
