//! The running app: finds the component for a request, hands the request over, and answers for a component
//! that fails.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use http::{
    Request, Response, StatusCode, Uri,
    header::HOST,
    uri::{Authority, Scheme},
};
use hyper::body::Incoming;
use parking_lot::RwLock;
use wasmtime_wasi_http::{
    Error, WasiBody,
    handler::{ExpirationError, InstantiationError, TrapOrPanicError},
};

use crate::{
    allowed_hosts::chained_component,
    instance_limit::AtLimit,
    instances::cause,
    output::report,
    own_answers::{json, ok, refuse},
    request_body,
    routes::{Router, WELL_KNOWN_PREFIX},
    served_component::ServedComponent,
    spin_headers,
    taken::TakenBy,
    telemetry::{
        Telemetry,
        component_metrics::Present,
        traces::{self, within},
    },
};

/// The client's address in requests between components, as in Spin.
pub const CHAINED_CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The route of requests between components, as in Spin.
static CHAINED_ROUTE: LazyLock<Arc<str>> = LazyLock::new(|| "/...".into());

/// All that is served.
pub struct App {
    pub address: SocketAddr,
    /// HTTP or HTTPS.
    pub scheme: Scheme,
    /// What `/.well-known/spin/info` answers.
    pub info: String,
    pub router: Router,
    pub request_timeout: Duration,
    pub telemetry: Arc<Telemetry>,
    components: RwLock<HashMap<String, Arc<ServedComponent>>>,
}

impl App {
    /// An app without components: they call each other through the app, so they are made after it.
    pub fn new(
        address: SocketAddr,
        scheme: Scheme,
        info: String,
        router: Router,
        request_timeout: Duration,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        Self {
            address,
            scheme,
            info,
            router,
            request_timeout,
            telemetry,
            components: RwLock::default(),
        }
    }

    /// Serves a component from now on. One that it replaces finishes the requests that it has, and ends its event streams.
    pub fn serve(&self, id: &str, component: ServedComponent) {
        let replaced = self.components.write().insert(id.to_owned(), Arc::new(component));
        if let Some(replaced) = replaced {
            replaced.end_streams();
        }
    }

    /// Ends all event streams, which would keep the host from ending.
    pub fn end_streams(&self) {
        self.components
            .read()
            .values()
            .for_each(|component| component.end_streams());
    }

    /// Answers a client's request.
    pub async fn answer_client(&self, mut request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
        // Before anything that may be slow or used up: who asks for the health wants to know of the host alone.
        if let Some(answer) = self.answer_well_known(request.uri().path()) {
            return answer;
        }
        let Some(traces) = &self.telemetry.traces else {
            let named = traces::named_by(request.headers());
            return within(named, self.receive(request, client)).await;
        };
        let method = request.method().clone();
        let span = traces.of_request(&method, request.headers_mut());
        let response = within(Some(span.clone()), self.receive(request, client)).await;
        traces::end(&span, Some(response.status()));
        response
    }

    async fn receive(&self, request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
        let (head, body) = request.into_parts();
        let body = match request_body::receive(body).await {
            Ok(body) => body,
            Err(Error::ConnectionReadTimeout) => {
                return self.refuse(StatusCode::REQUEST_TIMEOUT, "The body took too long\n");
            }
            Err(_) => return self.refuse(StatusCode::BAD_REQUEST, "Bad request: the body did not arrive whole\n"),
        };
        let (method, request) = (head.method.clone(), Request::from_parts(head, body));
        if let (Some(traces), Some(found)) = (&self.telemetry.traces, self.router.find(request.uri().path())) {
            traces.routed(&method, &found.route.template);
        }
        self.answer(request, client).await
    }

    /// Refuses a request that reaches no component.
    fn refuse(&self, status: StatusCode, text: &'static str) -> Response<WasiBody> {
        self.telemetry.metrics.unrouted(status);
        refuse(status, text)
    }

    /// Answers a client for whom there is no room: only the paths that tell of the host itself.
    pub fn answer_when_full(&self, request: &Request<Incoming>) -> Response<WasiBody> {
        self.answer_well_known(request.uri().path())
            .unwrap_or_else(|| self.refuse(StatusCode::SERVICE_UNAVAILABLE, "Too many connections\n"))
    }

    fn answer_well_known(&self, path: &str) -> Option<Response<WasiBody>> {
        Some(match path.strip_prefix(WELL_KNOWN_PREFIX)? {
            "health" => ok("OK"),
            "info" => json(self.info.clone()),
            _ => refuse(StatusCode::NOT_FOUND, "Not found\n"),
        })
    }

    /// Answers a request to one of the app's public routes.
    pub async fn answer(&self, mut request: Request<WasiBody>, client: SocketAddr) -> Response<WasiBody> {
        let Some(uri) = self.absolute_uri(&request) else {
            return self.refuse(
                StatusCode::BAD_REQUEST,
                "Bad request: the Host header is missing or wrong\n",
            );
        };
        let Some(found) = self.router.find(uri.path()) else {
            return self.refuse(StatusCode::NOT_FOUND, "Not found\n");
        };
        spin_headers::set_for_route(request.headers_mut(), &found, &uri, client);
        *request.uri_mut() = uri.clone();
        self.run(&found.route.component, &found.route.template, request).await
    }

    /// Answers a request from one component to another; `None` where there is no such component.
    pub async fn call(&self, component: &str, mut request: Request<WasiBody>) -> Option<Response<WasiBody>> {
        if !self.components.read().contains_key(component) {
            return None;
        }
        let uri = request.uri().clone();
        spin_headers::set_for_call(request.headers_mut(), &uri, CHAINED_CLIENT);
        Some(self.run(component, &CHAINED_ROUTE, request).await)
    }

    /// Has a component answer, and tells of it.
    async fn run(&self, id: &str, route: &Arc<str>, mut request: Request<WasiBody>) -> Response<WasiBody> {
        let Some(component) = self.components.read().get(id).cloned() else {
            return self.refuse(StatusCode::NOT_FOUND, "Not found\n");
        };
        component.metrics.requests.inc();
        let _active = Present::in_gauge(&component.metrics.active);
        let method = request.method().clone();
        let traces = self.telemetry.traces.as_ref();
        let span = traces.map(|traces| traces.of_execution(id, request.headers_mut()));
        let started = Instant::now();
        let response = within(span.clone(), self.run_within_time(&component, request)).await;
        let metrics = &self.telemetry.metrics;
        metrics.answered(&component.id, route, &method, response.status(), started.elapsed());
        if let Some(span) = span {
            traces::end(&span, Some(response.status()));
        }
        response
    }

    async fn run_within_time(&self, component: &ServedComponent, request: Request<WasiBody>) -> Response<WasiBody> {
        let (id, started) = (&component.id, Instant::now());
        let answer = tokio::time::timeout(self.request_timeout, component.handle(request)).await;
        let error = match answer {
            Ok(Ok(response)) => return response,
            Ok(Err(error)) => error,
            Err(_) => ExpirationError.into(),
        };
        if error.is::<ExpirationError>() || started.elapsed() >= self.request_timeout {
            report(format_args!(
                "component {id} took longer than {:?}",
                self.request_timeout
            ));
            return refuse(StatusCode::GATEWAY_TIMEOUT, "The request took too long\n");
        }
        if error.is::<AtLimit>() || error.is::<InstantiationError<TakenBy>>() {
            report(format_args!(
                "component {id} could not take a request: {}",
                cause(&error)
            ));
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "Not available at the moment\n");
        }
        // The instance that trapped reports it itself.
        if !error.is::<TrapOrPanicError>() && !error.is::<wasmtime::Trap>() {
            report(format_args!("component {id} gave no answer: {}", cause(&error)));
        }
        refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal error\n")
    }

    /// The request's URI with scheme and authority, which HTTP/1.1 leaves to the Host header; `None` when that is
    /// missing, says something else than the request line, or claims a name that only components have for each other.
    fn absolute_uri(&self, request: &Request<WasiBody>) -> Option<Uri> {
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
        if authority.as_str().contains('@') || chained_component(authority.host()).is_some() {
            return None;
        }
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(authority);
        Uri::from_parts(parts).ok()
    }
}
