//! What every response of both services gets.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use super::{
    cors::Cors,
    problem::{Cause, Problem},
    request_id::{X_REQUEST_ID, request_id},
    trace_context::TraceContext,
};
use crate::{config::PublicOrigin, world::Ports};

/// Answers are data for programs: whatever a browser may take one for, it must neither run nor frame it.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Two years, as the preload list wants it. What other hosts of the domain do is not this app's to say.
const STRICT_TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// How a service finishes its router.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The service's name in the log.
    pub service: &'static str,
    /// The longest body that is read, in bytes.
    pub body_max_bytes: usize,
    /// What pages of other sites may do.
    pub cors: Cors,
    /// Where people reach the app.
    pub public_origin: PublicOrigin,
}

#[derive(Clone)]
struct Observer {
    service: &'static str,
    is_https: bool,
    ports: Ports,
}

impl Layers {
    /// Adds to `router`: 404 and 405 as problems, OPTIONS, the body limit, CORS, a request id, safe headers and one log line a
    /// request.
    pub fn finish(self, router: Router, ports: &Ports) -> Router {
        let observer = Arc::new(Observer {
            service: self.service,
            is_https: self.public_origin.is_https() == Some(true),
            ports: ports.clone(),
        });
        let router = router
            .fallback(|| async { Problem::not_found("Nothing is served at this path.") })
            .method_not_allowed_fallback(other_method);
        let observe = from_fn_with_state(observer, observe);
        let limit = DefaultBodyLimit::max(self.body_max_bytes);
        // Each call of `layer` makes every route anew, which an instance that serves one request pays for with it.
        match self.cors.layer() {
            Some(cors) => router.layer((observe, cors, limit)),
            None => router.layer((observe, limit)),
        }
    }
}

/// Answers a method that a resource has no handler for. The router adds the methods that it has, in `Allow`.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Problem::method_not_allowed().into_response()
    }
}

/// What the log says of a request.
#[derive(Serialize)]
struct LogLine<'a> {
    time: String,
    level: &'a str,
    component: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<&'a str>,
    method: &'a str,
    /// The route's template; none where no route matched. Never the path, which holds ids.
    route: Option<&'a str>,
    status: u16,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

/// Gives the request its id, the response its headers, and the log its line: never a token, a body or a query.
async fn observe(State(observer): State<Arc<Observer>>, mut request: Request, next: Next) -> Response {
    let started = observer.ports.clock.now();
    let id = request_id(request.headers(), &observer.ports, started);
    // Handlers that ask other services pass it on from here.
    request.headers_mut().insert(X_REQUEST_ID, id.clone());
    let trace = TraceContext::of(request.headers());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());

    let mut response = next.run(request).await;

    add_headers(response.headers_mut(), &id, observer.is_https);
    let status = response.status();
    let cause = response.extensions().get::<Cause>().map(|Cause(cause)| cause.as_str());
    // Where a protocol above HTTP tells of a failure in an answer that is good for HTTP, there is a cause as well.
    let has_failed = status.is_server_error() || cause.is_some();
    let finished = observer.ports.clock.now();
    let line = LogLine {
        time: finished.to_rfc3339(),
        level: if has_failed { "error" } else { "info" },
        component: observer.service,
        request_id: id.to_str().unwrap_or_default(),
        trace_id: trace.as_ref().map(|trace| trace.trace_id.as_str()),
        span_id: trace.as_ref().map(|trace| trace.span_id.as_str()),
        method: method.as_str(),
        route: route.as_deref(),
        status: status.as_u16(),
        duration_ms: u64::try_from(finished.since(started).as_millis()).unwrap_or(u64::MAX),
        cause,
    };
    (observer.ports.log)(&serde_json::to_string(&line).unwrap_or_default());
    response
}

fn add_headers(headers: &mut HeaderMap, id: &HeaderValue, is_https: bool) {
    headers.insert(X_REQUEST_ID, id.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page for people says itself what a browser may show of it.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(CONTENT_SECURITY_POLICY);
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
    }
    // Answers hold tokens or memos, or errors about them; what may be cached says so itself.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
