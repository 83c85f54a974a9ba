//! Who may use the routes that a cookie opens: the app's own pages, and those of origins that the configuration names.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use common::http::{problem::Problem, problems};
use http::{HeaderName, HeaderValue, Uri, header};

use crate::App;
use common::http::requested;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what another site's page makes a browser send. SameSite=Strict keeps the cookie back already; this also
/// keeps other sites from signing somebody in as somebody else.
pub async fn refuse_other_sites(State(app): State<App>, request: Request, next: Next) -> Response {
    let detail = if is_from_another_site(&app, &request) {
        "Pages of other sites can't sign people in or out."
    } else if is_site_of_another_domain(&app, &request) {
        "This site is of another domain than its services: browsers would not keep anybody signed in."
    } else {
        return next.run(request).await;
    };
    Problem::new(&problems::FORBIDDEN, detail).into_response()
}

/// Whether the app's own site is where browsers take it for another site, and keep the cookie back: at a domain that has nothing
/// in common with this one. Whoever set it up so is told at the first sign-in, and not by sessions that end with each reload.
fn is_site_of_another_domain(app: &App, request: &Request) -> bool {
    let headers = request.headers();
    let is_site = app.site_origin.get() == headers.get(header::ORIGIN);
    is_site && headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site")
}

/// Whether a page of another site sent this. Fetch Metadata says so. Browsers leave it out where a page came over
/// plain http, and old ones always; then `Origin`, which they do send with such requests, has to be the app's own.
/// Programs send neither, and may use what they like.
fn is_from_another_site(app: &App, request: &Request) -> bool {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| app.allowed_origins.contains(origin)) {
        return false;
    }
    match headers.get(SEC_FETCH_SITE) {
        Some(site) => site != "same-origin" && site != "none",
        None => origin.is_some_and(|origin| !is_own(app, origin, request)),
    }
}

/// Whether an `Origin` is the app's own: the configured one, or else that of the host the request is for.
fn is_own(app: &App, origin: &HeaderValue, request: &Request) -> bool {
    if let Some(own) = app.public_origin.get() {
        return origin == own;
    }
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let requested = requested::authority(request.headers(), request.uri());
    origin
        .as_ref()
        .and_then(Uri::authority)
        .is_some_and(|origin| Some(origin) == requested.as_ref())
}
