//! CORS (Fetch standard §3.3): off, unless the configuration names other sites' origins.

use std::time::Duration;

use axum::Router;
use http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;
use crate::config::AllowedOrigins;

/// How long browsers may go by the answer to a preflight request: as long as any keeps it (Chromium's two hours). What an
/// origin may read is told with each answer, so one that is not named any more reads nothing in spite of it.
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);

/// What pages of other sites may do with a service.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// The origins of these pages. None: browsers let no other site's page read an answer.
    pub origins: AllowedOrigins,
    /// The methods that the service knows.
    pub methods: Vec<Method>,
    /// The request headers that the service reads, beside those that every service does.
    pub headers: Vec<HeaderName>,
    /// Whether browsers send cookies along: for the token issuer only.
    pub with_credentials: bool,
}

impl Cors {
    /// Adds the answers to preflight requests and the headers that let pages read the others.
    pub(super) fn layer(self, router: Router) -> Router {
        if self.origins.is_empty() {
            return router;
        }
        let always_read = [header::AUTHORIZATION, header::CONTENT_TYPE, X_REQUEST_ID];
        let headers: Vec<HeaderName> = always_read.into_iter().chain(self.headers).collect();
        let layer = CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.origins.to_vec()))
            .allow_credentials(self.with_credentials)
            .allow_methods(self.methods)
            .allow_headers(headers)
            .max_age(KEPT)
            .expose_headers([
                header::CONTENT_DISPOSITION,
                header::ETAG,
                header::LOCATION,
                header::RETRY_AFTER,
                header::WWW_AUTHENTICATE,
                X_REQUEST_ID,
            ]);
        router.layer(layer)
    }
}
