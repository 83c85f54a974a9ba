//! Who asks, as an extractor.

use axum::extract::FromRequestParts;
use common::{
    http::problem::Problem,
    token::{UserId, bearer},
};
use http::request::Parts;

use crate::App;

/// Who asks: the user of the request's access token.
pub struct Caller(pub UserId);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        let now = app.ports.clock.now();
        let keys = app.keys.current(now).await?;
        let verified = app.profile.verify(token, keys.public(), now)?;
        Ok(Self(verified.claims.sub))
    }
}
