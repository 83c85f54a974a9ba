//! `/.well-known/jwks.json`: the public keys, as a JWK Set (RFC 7517).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use common::http::problem::Problem;
use http::{HeaderValue, header};

use crate::{App, tokens::keyring::MAX_AGE};

/// The keys, and for how long others may keep them. The memo service asks again sooner when it meets a key it does not
/// know.
pub async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let keys = app.keys.current(app.ports.clock.now()).await?;
    let cache_control = format!("public, max-age={}", MAX_AGE.as_secs());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/jwk-set+json"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::try_from(cache_control).map_err(Problem::internal)?,
        ),
    ];
    Ok((headers, keys.jwks().to_owned()).into_response())
}
