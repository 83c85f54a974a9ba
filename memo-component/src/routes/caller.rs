//! Who asks, as an extractor.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use common::{
    http::problem::Problem,
    token::{AccessToken, UserId},
};
use http::request::Parts;

use super::scope::Needed;
use crate::App;

/// Who asks: the user of the request's access token, which is for what the route needs.
pub struct Caller(pub UserId);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let CallerToken(token) = CallerToken::from_request_parts(parts, app).await?;
        Ok(Self(token.claims.sub.clone()))
    }
}

/// The same with all that the access token says, for answers that must not outlive it.
pub struct CallerToken(pub Arc<AccessToken>);

impl FromRequestParts<App> for CallerToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = app.authenticator.authenticate(&parts.headers).await?;
        Needed::of(parts)?.check(&token)?;
        Ok(Self(token))
    }
}
