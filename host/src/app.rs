//! The running app: finds the component for a request, hands the request over, and answers for a component
//! that fails.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri,
    header::{CONNECTION, CONTENT_TYPE, HOST},
    uri::{Authority, Scheme},
};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::{
    WasiBody,
    handler::{ExpirationError, InstantiationError, ProxyHandler, TrapOrPanicError},
};

use crate::{
    allowed_hosts::chained_component,
    instances::{Factory, cause},
    output::report,
    routes::{Match, Router, WELL_KNOWN_PREFIX},
};

/// The client's address in requests between components, as in Spin.
pub const CHAINED_CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// All that is served.
pub struct App {
    pub address: SocketAddr,
    pub router: Router,
    pub components: HashMap<String, ProxyHandler<Factory>>,
    pub request_timeout: Duration,
}

impl App {
    /// Answers a request to one of the app's public routes.
    pub async fn answer(&self, mut request: Request<WasiBody>, client: SocketAddr) -> Response<WasiBody> {
        if let Some(name) = request.uri().path().strip_prefix(WELL_KNOWN_PREFIX) {
            return match name {
                "health" => plain(StatusCode::OK, "OK"),
                _ => plain(StatusCode::NOT_FOUND, "Not found\n"),
            };
        }
        let Some(uri) = absolute_uri(&request) else {
            return plain(
                StatusCode::BAD_REQUEST,
                "Bad request: the Host header is missing or wrong\n",
            );
        };
        let Some(found) = self.router.find(uri.path()) else {
            return plain(StatusCode::NOT_FOUND, "Not found\n");
        };
        let headers = request.headers_mut();
        remove_own_headers(headers);
        if headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .is_some_and(is_chained)
        {
            headers.remove(HOST);
        }
        set_route_headers(headers, &found);
        set_url_headers(headers, &uri, client);
        *request.uri_mut() = uri.clone();
        self.run(&found.route.component, request).await
    }

    /// Answers a request from one component to another; `None` where there is no such component.
    pub async fn call(&self, component: &str, mut request: Request<WasiBody>) -> Option<Response<WasiBody>> {
        if !self.components.contains_key(component) {
            return None;
        }
        let uri = request.uri().clone();
        let headers = request.headers_mut();
        remove_own_headers(headers);
        headers.remove(HOST);
        set_path_info(headers, uri.path());
        headers.insert(MATCHED_ROUTE, HeaderValue::from_static("/..."));
        headers.insert(RAW_COMPONENT_ROUTE, HeaderValue::from_static("/..."));
        headers.insert(COMPONENT_ROUTE, HeaderValue::from_static(""));
        set_url_headers(headers, &uri, CHAINED_CLIENT);
        Some(self.run(component, request).await)
    }

    async fn run(&self, component: &str, request: Request<WasiBody>) -> Response<WasiBody> {
        let Some(handler) = self.components.get(component) else {
            return plain(StatusCode::NOT_FOUND, "Not found\n");
        };
        let started = Instant::now();
        let answer = tokio::time::timeout(self.request_timeout, handler.handle((), request)).await;
        let error = match answer {
            Ok(Ok(response)) => return response,
            Ok(Err(error)) => error,
            Err(_) => ExpirationError.into(),
        };
        if error.is::<ExpirationError>() || started.elapsed() >= self.request_timeout {
            report(format_args!(
                "component {component} took longer than {:?}",
                self.request_timeout
            ));
            return plain(StatusCode::GATEWAY_TIMEOUT, "The request took too long\n");
        }
        if error.is::<InstantiationError<()>>() {
            report(format_args!(
                "component {component} could not be started: {}",
                cause(&error)
            ));
            return plain(StatusCode::SERVICE_UNAVAILABLE, "Not available at the moment\n");
        }
        // The instance that trapped reports it itself.
        if !error.is::<TrapOrPanicError>() && !error.is::<wasmtime::Trap>() {
            report(format_args!("component {component} gave no answer: {}", cause(&error)));
        }
        plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error\n")
    }
}

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// Only the host may say what it says in `spin-…` headers. `Connection` is between the client and the host.
fn remove_own_headers(headers: &mut HeaderMap) {
    headers.remove(CONNECTION);
    let own: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("spin-"))
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
}

fn set_route_headers(headers: &mut HeaderMap, found: &Match<'_, '_>) {
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
}

fn set_path_info(headers: &mut HeaderMap, path_info: &str) {
    if let Ok(value) = HeaderValue::from_str(path_info) {
        headers.insert(PATH_INFO, value);
    }
}

fn set_url_headers(headers: &mut HeaderMap, uri: &Uri, client: SocketAddr) {
    headers.insert(BASE_PATH, HeaderValue::from_static("/"));
    let urls = [(FULL_URL, uri.to_string()), (CLIENT_ADDR, client.to_string())];
    for (name, value) in urls {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}

/// The request's URI with scheme and authority, which HTTP/1.1 leaves to the Host header; `None` when that is
/// missing or says something else than the request line.
fn absolute_uri(request: &Request<WasiBody>) -> Option<Uri> {
    let mut parts = request.uri().clone().into_parts();
    let host = request
        .headers()
        .get(HOST)
        .map(|host| Authority::try_from(host.as_bytes()));
    let authority = match (host, parts.authority) {
        (Some(Ok(host)), None) => host,
        (Some(Ok(host)), Some(authority)) if host == authority => host,
        (None, Some(authority)) => authority,
        _ => return None,
    };
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    Uri::from_parts(parts).ok()
}

/// Whether a Host header claims an internal name, which a component might take for a call from another.
fn is_chained(host: &str) -> bool {
    chained_component(host.split(':').next().unwrap_or(host)).is_some()
}

/// The host's own answers: short, and silent about the inside.
fn plain(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(text.as_bytes()))
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
