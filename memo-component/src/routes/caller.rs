//! Who asks, as extractors: a handler's parameter says what an access token has to be for.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use common::{
    http::problem::Problem,
    token::{AccessToken, UserId},
};
use http::request::Parts;

use super::scope::Needed;
use crate::App;

/// The user of an access token that is for reading memos.
pub struct Reader(pub UserId);

/// The user of an access token that is for writing memos.
pub struct Writer(pub UserId);

/// The user of an access token that is for removing everything that they have.
pub struct Eraser(pub UserId);

/// All that an access token for reading memos says, for answers that must not outlive it.
pub struct ReaderToken(pub Arc<AccessToken>);

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(token(parts, app, Needed::READ).await?.claims.sub.clone()))
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(token(parts, app, Needed::WRITE).await?.claims.sub.clone()))
    }
}

impl FromRequestParts<App> for Eraser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(token(parts, app, Needed::ERASE).await?.claims.sub.clone()))
    }
}

impl FromRequestParts<App> for ReaderToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        token(parts, app, Needed::READ).await.map(Self)
    }
}

async fn token(parts: &Parts, app: &App, needed: Needed) -> Result<Arc<AccessToken>, Problem> {
    let token = app.authenticator.authenticate(&parts.headers).await?;
    needed.check(&token)?;
    Ok(token)
}
