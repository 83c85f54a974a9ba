//! Where the service is reached, from whose pages, and who issues tokens for it.

use common::{
    config::{AllowedOrigins, PublicOrigin},
    http::{problem::Problem, problems, requested},
};
use http::{HeaderMap, HeaderValue, Uri, header};

/// The addresses that the configuration names.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Where people reach the app; empty to take a request's word for it.
    pub public_origin: PublicOrigin,
    /// The origins of other sites whose pages may call the service.
    pub allowed_origins: AllowedOrigins,
    /// `iss` of the tokens that it accepts.
    pub issuer: String,
}

impl Addresses {
    /// The origin at which the app is reached.
    ///
    /// # Errors
    /// 400 when neither the configuration nor the request says it.
    pub fn own_origin(&self, headers: &HeaderMap, uri: &Uri) -> Result<String, Problem> {
        requested::origin(&self.public_origin, headers, uri)
            .ok_or_else(|| Problem::bad_request("The request says no host."))
    }

    /// The token issuer as programs know it (RFC 8414 §2): by its name where that is an address, otherwise by the app's origin.
    pub fn authorization_server<'a>(&'a self, own_origin: &'a str) -> &'a str {
        if self.issuer.starts_with("https://") {
            &self.issuer
        } else {
            own_origin
        }
    }

    /// Refuses what the pages of other sites make a browser send. Programs send no `Origin`.
    ///
    /// # Errors
    /// 403.
    pub fn refuse_other_sites(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if origins.all(|origin| self.allowed_origins.contains(origin) || self.is_own(origin, headers, uri)) {
            return Ok(());
        }
        let detail = "Pages of other sites can't use this.";
        Err(Problem::new(&problems::FORBIDDEN, detail))
    }

    /// Whether an origin is the app's own. Where the configuration does not say which that is, only the machine itself counts:
    /// the name in the `Host` header may be another site's, which its owner has just pointed at this machine (DNS rebinding).
    fn is_own(&self, origin: &HeaderValue, headers: &HeaderMap, uri: &Uri) -> bool {
        if let Some(own) = self.public_origin.get() {
            return origin == own;
        }
        let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
        let requested = requested::authority(headers, uri);
        origin
            .as_ref()
            .and_then(Uri::authority)
            .is_some_and(|origin| Some(origin) == requested.as_ref() && requested::is_loopback(origin.host()))
    }
}
