//! From request to response.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::{
    assets::{Asset, Representation},
    coding::Accepted,
    headers,
};

/// Asked again at each use: the address is that of the file's newest content, and a 304 is small.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Never asked for again: at an address of a release there is one content for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

const VARY: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Answers a request for a file of the site. The body of the request is not read.
pub fn respond<B>(request: &Request<B>) -> Response<Bytes> {
    let path = request.uri().path();
    let is_head = request.method() == Method::HEAD;
    let asset = match Asset::in_release(path) {
        Some(asset) => Some((asset, FOR_EVER)),
        None => Asset::at(path).map(|asset| (asset, REVALIDATE)),
    };
    let mut response = match asset {
        Some(_) if !is_head && request.method() != Method::GET => method_not_allowed(),
        Some((asset, kept)) => found(asset, kept, request.headers()),
        // Not one of ours, yet programs that miss an API's path end up here.
        None if path.starts_with("/api/") || path.starts_with("/.well-known/") => {
            problem(StatusCode::NOT_FOUND, NOT_FOUND_PROBLEM)
        }
        None => not_found(request.headers()),
    };
    if is_head {
        *response.body_mut() = Bytes::new();
    }
    headers::add_common(request.headers(), response.headers_mut());
    response
}

fn found(asset: &'static Asset, kept: HeaderValue, request: &HeaderMap) -> Response<Bytes> {
    let chosen = choose(asset, request);
    let mut response = if matches_any(request, chosen.etag) {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        content(asset, chosen)
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_static(chosen.etag));
    headers.insert(header::CACHE_CONTROL, kept);
    headers.insert(header::VARY, VARY);
    response
}

fn not_found(request: &HeaderMap) -> Response<Bytes> {
    let page = |page| content(page, choose(page, request));
    let mut response = Asset::not_found().map(page).unwrap_or_default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
    headers.insert(header::VARY, VARY);
    response
}

fn content(asset: &Asset, chosen: &Representation) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(chosen.body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CONTENT_LENGTH, chosen.body.len().into());
    if let Some(name) = chosen.coding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// The representation the caller wants most, the smallest of equals. One who refuses all gets the file as it is.
fn choose(asset: &'static Asset, request: &HeaderMap) -> &'static Representation {
    let accepted = Accepted::from_headers(request);
    let weight = |representation: &&Representation| accepted.weight(representation.coding);
    // Of equals `max_by_key` takes the last.
    std::iter::once(&asset.identity)
        .chain(asset.compressed.iter().rev())
        .max_by_key(weight)
        .filter(|chosen| weight(chosen) > 0)
        .unwrap_or(&asset.identity)
}

/// Whether `If-None-Match` names the representation, by weak comparison (RFC 9110 §13.1.2).
fn matches_any(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

const NOT_FOUND_PROBLEM: &str =
    r#"{"type":"/problems#not-found","title":"Not found","status":404,"detail":"Nothing is served at this path."}"#;

const METHOD_PROBLEM: &str = r#"{"type":"/problems#method-not-allowed","title":"Method not allowed","status":405,"detail":"This path answers to GET and HEAD."}"#;

fn method_not_allowed() -> Response<Bytes> {
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, METHOD_PROBLEM);
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// An error as RFC 9457 has it.
fn problem(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
