//! Requests that components send: to each other inside this process, to the app's own routes, or out to
//! the network, each only where `allowed_outbound_hosts` says so.

use std::sync::{Arc, Weak};

use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use crate::{
    allowed_hosts::chained_component,
    app::{App, CHAINED_CLIENT},
    grants::Grants,
    output::report,
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
    async fn send(self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Sent {
        let uri = request.uri();
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

        let component = uri.host().and_then(chained_component);
        if component.is_none() && !to_app {
            let (response, io) = default_send_request(request, options).await?;
            return Ok((response.map(BodyExt::boxed_unsync), Box::new(io)));
        }
        let app = self.app.upgrade().ok_or(Error::ConnectionTerminated)?;
        let response = match component {
            Some(component) => app.call(&component, request).await.ok_or(Error::DestinationNotFound)?,
            None => app.answer(to_own_origin(request, &app)?, CHAINED_CLIENT).await,
        };
        Ok((response, Box::new(async { Ok(()) })))
    }
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
