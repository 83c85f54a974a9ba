//! Who asks, as an extractor.

use axum::extract::FromRequestParts;
use common::{http::problem::Problem, token::UserId};
use http::request::Parts;

use crate::App;

/// Who asks: the user of the request's access token.
pub struct Caller(pub UserId);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = app.authenticator.authenticate(&parts.headers).await?;
        Ok(Self(token.claims.sub.clone()))
    }
}
