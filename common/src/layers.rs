//! What every response of both services gets.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    ports::Ports,
    problem::{Cause, Problem},
};

/// Names a request across services and logs.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone)]
struct Service {
    name: &'static str,
    ports: Ports,
}

/// Finishes a service's router: 404 and 405 as problems, the body limit in bytes, CORS for exactly the origins named
/// (none: off), a request id, safe headers and one log line a request.
pub fn finish(router: Router, name: &'static str, ports: &Ports, body_limit: usize, cors_origins: &str) -> Router {
    let service = Arc::new(Service {
        name,
        ports: ports.clone(),
    });
    let router = router
        .fallback(|| async { Problem::not_found("Nothing is served at this path.") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(DefaultBodyLimit::max(body_limit));
    let origins: Vec<HeaderValue> = cors_origins
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty() && *origin != "*")
        .filter_map(|origin| HeaderValue::try_from(origin).ok())
        .collect();
    let router = if origins.is_empty() {
        router
    } else {
        router.layer(cors(origins))
    };
    router.layer(from_fn_with_state(service, observe))
}

/// CORS for other sites' pages (Fetch standard). With credentials, for the session cookie; never for any origin.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            X_REQUEST_ID,
        ])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER, X_REQUEST_ID])
}

/// What the log says of a request.
#[derive(Serialize)]
struct LogLine<'a> {
    time: String,
    level: &'a str,
    component: &'a str,
    request_id: &'a str,
    method: &'a str,
    /// The route's template; none where no route matched. Never the path, which holds ids.
    route: Option<&'a str>,
    status: u16,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

/// Gives the request its id, the response its headers, and the log its line: never a token, a body or a query.
async fn observe(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let started = service.ports.clock.now();
    let id = match request_id(&request, &service.ports) {
        Ok(id) => id,
        Err(problem) => return problem.into_response(),
    };
    // Handlers that ask other services pass it on from here.
    request.headers_mut().insert(X_REQUEST_ID, id.clone());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());

    let mut response = next.run(request).await;

    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Answers hold tokens or memos, or errors about them; what may be cached says so itself.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));

    let status = response.status();
    let finished = service.ports.clock.now();
    let line = LogLine {
        time: finished.to_rfc3339(),
        level: if status.is_server_error() { "error" } else { "info" },
        component: service.name,
        request_id: id.to_str().unwrap_or_default(),
        method: method.as_str(),
        route: route.as_deref(),
        status: status.as_u16(),
        duration_ms: u64::try_from(finished.since(started).as_millis()).unwrap_or(u64::MAX),
        cause: response.extensions().get::<Cause>().map(|Cause(cause)| cause.as_str()),
    };
    (service.ports.log)(&serde_json::to_string(&line).unwrap_or_default());
    response
}

/// The caller's id for the request where it is sane, or a new one.
fn request_id(request: &Request, ports: &Ports) -> Result<HeaderValue, Problem> {
    let sane = |id: &&HeaderValue| {
        let bytes = id.as_bytes();
        (1..=128).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    if let Some(id) = request.headers().get(X_REQUEST_ID).filter(sane) {
        return Ok(id.clone());
    }
    let id = u128::from_le_bytes(ports.random.bytes()?);
    HeaderValue::try_from(format!("{id:032x}")).map_err(Problem::internal)
}
