//! Requests that components send: to each other inside this process, to the app's own routes, or out to
//! the network, each only where `allowed_outbound_hosts` says so.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use crate::{
    allowed_hosts::chained_component,
    app::{App, CHAINED_CLIENT},
    grants::Grants,
    output::report,
    telemetry::traces,
};

/// The name by which components request the app's own routes.
const APP_HOST: &str = "self.alt";

type Sent = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

/// Sends a component's requests.
#[derive(Clone)]
pub struct Outbound {
    pub grants: Arc<Grants>,
    pub app: Weak<App>,
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let this = self.clone();
        Box::new(async move { this.send(request, options).await })
    }
}

impl Outbound {
    /// Sends a request that may be sent, and tells of it.
    async fn send(self, mut request: Request<WasiBody>, options: Option<RequestOptions>) -> Sent {
        let destination = self.destination(request.uri())?;
        let app = self.app.upgrade().ok_or(Error::ConnectionTerminated)?;
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let traces = app.telemetry.traces.as_ref();
        let span = traces.map(|traces| traces.of_outbound(&method, &uri, request.headers_mut()));
        let started = Instant::now();
        let sent = traces::within(span.clone(), send_to(&destination, &app, request, options)).await;
        let status = sent.as_ref().ok().map(|(response, _)| response.status());
        let metrics = &app.telemetry.metrics;
        metrics.sent(&self.grants.id, destination.name(), status, started.elapsed());
        if let Some(span) = span {
            traces::end(&span, status);
        }
        sent
    }

    /// Where a request goes, if the component may send it there.
    fn destination(&self, uri: &Uri) -> Result<Destination, Error> {
        let to_app = uri.host().is_none_or(|host| host.is_empty() || host == APP_HOST);
        let allowed = match to_app {
            true => self.grants.allowed_hosts.allow_app(),
            false => self.grants.allowed_hosts.allow(uri),
        };
        if !allowed {
            report(format_args!(
                "component {} may not send requests to {}: add it to allowed_outbound_hosts",
                self.grants.id,
                origin(uri)
            ));
            return Err(Error::HttpRequestDenied);
        }

        Ok(match uri.host().and_then(chained_component) {
            Some(component) => Destination::Component(component),
            None if to_app => Destination::App,
            None => Destination::Network,
        })
    }
}

/// Where a request goes.
enum Destination {
    /// To another component, by its name.
    Component(String),
    /// To a route of this app.
    App,
    Network,
}

impl Destination {
    /// As metrics call it. Hosts of the network have no names there, because nothing bounds how many there are.
    fn name(&self) -> &'static str {
        match self {
            Self::Component(_) => "component",
            Self::App => "app",
            Self::Network => "network",
        }
    }
}

async fn send_to(
    destination: &Destination,
    app: &App,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Sent {
    let response = match destination {
        Destination::Component(component) => app.call(component, request).await.ok_or(Error::DestinationNotFound)?,
        Destination::App => app.answer(to_own_origin(request, app)?, CHAINED_CLIENT).await,
        Destination::Network => {
            let (response, io) = default_send_request(request, options).await?;
            return Ok((response.map(BodyExt::boxed_unsync), Box::new(io)));
        }
    };
    Ok((response, Box::new(async { Ok(()) })))
}

fn to_own_origin(mut request: Request<WasiBody>, app: &App) -> Result<Request<WasiBody>, Error> {
    let authority = app.address.to_string();
    let host = HeaderValue::from_str(&authority).map_err(|_| Error::HttpRequestUriInvalid)?;
    let mut uri = Uri::builder().scheme(app.scheme.clone()).authority(authority);
    if let Some(path) = request.uri().path_and_query() {
        uri = uri.path_and_query(path.clone());
    }
    *request.uri_mut() = uri.build().map_err(|_| Error::HttpRequestUriInvalid)?;
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

/// Scheme, host and port: a path or query may hold what a log should not.
fn origin(uri: &Uri) -> String {
    format!(
        "{}://{}",
        uri.scheme_str().unwrap_or("?"),
        uri.authority().map_or("self", |authority| authority.as_str())
    )
}
