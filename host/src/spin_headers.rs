//! The `spin-…` headers that tell a component where its request came in, as Spin sets them.

use std::net::SocketAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{CONNECTION, HOST},
};

use crate::routes::Match;

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// Sets the headers of a request that came in by a public route.
pub fn set_for_route(headers: &mut HeaderMap, found: &Match<'_, '_>, uri: &Uri, client: SocketAddr) {
    remove_foreign(headers);
    set_path_info(headers, &found.path_info());
    headers.insert(MATCHED_ROUTE, found.route.pattern.clone());
    headers.insert(RAW_COMPONENT_ROUTE, found.route.pattern.clone());
    headers.insert(COMPONENT_ROUTE, found.route.prefix.clone());
    for (name, value) in found.names() {
        let name = HeaderName::try_from(format!(
            "spin-path-match-{}",
            name.to_ascii_lowercase().replace('_', "-")
        ));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    set_urls(headers, uri, client);
}

/// Sets the headers of a request from one component to another.
pub fn set_for_call(headers: &mut HeaderMap, uri: &Uri, client: SocketAddr) {
    remove_foreign(headers);
    headers.remove(HOST);
    set_path_info(headers, uri.path());
    headers.insert(MATCHED_ROUTE, HeaderValue::from_static("/..."));
    headers.insert(RAW_COMPONENT_ROUTE, HeaderValue::from_static("/..."));
    headers.insert(COMPONENT_ROUTE, HeaderValue::from_static(""));
    set_urls(headers, uri, client);
}

/// Only the host may say what it says in `spin-…` headers. `Connection` is between the client and the host.
fn remove_foreign(headers: &mut HeaderMap) {
    headers.remove(CONNECTION);
    let foreign: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("spin-"))
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
}

fn set_path_info(headers: &mut HeaderMap, path_info: &str) {
    if let Ok(value) = HeaderValue::from_str(path_info) {
        headers.insert(PATH_INFO, value);
    }
}

fn set_urls(headers: &mut HeaderMap, uri: &Uri, client: SocketAddr) {
    headers.insert(BASE_PATH, HeaderValue::from_static("/"));
    let urls = [(FULL_URL, uri.to_string()), (CLIENT_ADDR, client.to_string())];
    for (name, value) in urls {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}
