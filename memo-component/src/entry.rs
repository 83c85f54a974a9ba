//! The component's entry: Spin's request in, the router's response out.

use std::{pin::pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::Router;
use common::{entry::Instance, variable};
use futures::future::select;
use http::HeaderMap;
use http_body_util::{BodyExt, Limited};
use send_wrapper::SendWrapper;
use spin_sdk::{
    http::{EmptyBody, IntoResponse, Request, send},
    http_service,
};

use crate::{
    Config,
    keys::{Issuer, IssuerError},
};

static INSTANCE: Instance = Instance::new("memo");

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    INSTANCE.serve(request, router).await
}

async fn router(ports: common::ports::Ports) -> Result<Router, String> {
    let get = |name| async move { variable::get(name).await.map_err(|error| error.to_string()) };
    let config = Config {
        issuer: get("issuer").await?,
        audience: get("audience").await?,
        jwks: get("jwks").await?,
        cors_origins: get("cors_origins").await?,
    };
    let issuer = HttpIssuer {
        url: format!(
            "{}/.well-known/jwks.json",
            get("jwks_origin").await?.trim_end_matches('/')
        ),
    };
    crate::app(ports, config, Arc::new(issuer))
}

/// The issuer over HTTP: another component of the app, or another app.
struct HttpIssuer {
    url: String,
}

/// The longest JWK Set that is read, in bytes. Ours has about 150 a key.
const JWKS_MAX_BYTES: usize = 64 * 1024;

/// How long the issuer may take. Keys that are at hand serve better than waiting for newer ones.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

#[async_trait]
impl Issuer for HttpIssuer {
    async fn jwks(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        let answer = async {
            let mut request = http::Request::get(&self.url)
                .body(EmptyBody::new())
                .map_err(|error| error.to_string())?;
            *request.headers_mut() = context;
            let response = send(request).await.map_err(|error| error.to_string())?;
            if response.status() != http::StatusCode::OK {
                return Err(format!("status {}", response.status()));
            }
            let body = Limited::new(response.into_body(), JWKS_MAX_BYTES);
            let body = body.collect().await.map_err(|error| error.to_string())?;
            Ok(body.to_bytes().to_vec())
        };
        let deadline = async {
            spin_sdk::time::sleep(ANSWER_WITHIN).await;
            Err(format!("no answer within {ANSWER_WITHIN:?}"))
        };
        let first = async { select(pin!(answer), pin!(deadline)).await.factor_first().0 };
        SendWrapper::new(first).await.map_err(IssuerError)
    }
}
