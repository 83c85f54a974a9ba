//! The domain that passkeys are for, as an extractor.

use axum::extract::FromRequestParts;
use common::http::{problem::Problem, problems};
use http::request::Parts;

use crate::{App, webauthn::RelyingParty};
use common::http::requested;

/// The app as passkeys know it: where its site is, or where that is not said, where the request was sent to.
///
/// Who sends a request may name any host, and gets nothing by it: a browser signs for the domain that the page is of, and the
/// passkeys of other domains are not this one's.
pub struct OwnDomain(pub RelyingParty);

impl FromRequestParts<App> for OwnDomain {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        find(parts, app).map(Self).ok_or_else(|| {
            let detail =
                "Browsers have passkeys for a domain over https and for localhost, and not for an address of numbers.";
            Problem::new(&problems::PASSKEYS_UNAVAILABLE, detail)
        })
    }
}

/// The same; `None` at an address where browsers have no passkeys.
pub fn find(parts: &Parts, app: &App) -> Option<RelyingParty> {
    RelyingParty::at(&origin(parts, app)?)
}

fn origin(parts: &Parts, app: &App) -> Option<String> {
    if let Some(origin) = app.site_origin.get() {
        return origin.to_str().ok().map(str::to_owned);
    }
    let authority = requested::authority(&parts.headers, &parts.uri)?;
    // Elsewhere than on the machine itself browsers have passkeys over https alone, which a proxy may have ended.
    let is_plain = authority.host() == "localhost" && !requested::came_by_https(&parts.headers);
    let scheme = if is_plain { "http" } else { "https" };
    Some(format!("{scheme}://{authority}"))
}
