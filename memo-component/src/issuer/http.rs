//! The issuer over HTTP: another component of the app, or another app.

use std::{pin::pin, time::Duration};

use async_trait::async_trait;
use futures::future::select;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Limited};
use send_wrapper::SendWrapper;
use spin_sdk::http::{EmptyBody, send};

use super::{Issuer, IssuerError};

/// The longest JWK Set that is read, in bytes. Ours has about 150 a key.
const JWKS_MAX_BYTES: usize = 64 * 1024;

/// The longest list of ended sessions that is read, in bytes: ten thousand of them have 700,000.
const REVOCATIONS_MAX_BYTES: usize = 1024 * 1024;

/// How long the issuer may take. Keys that are at hand serve better than waiting for newer ones.
const TIMEOUT: Duration = Duration::from_secs(3);

/// An issuer that serves `/.well-known/jwks.json` and `/api/auth/revocations`.
pub struct HttpIssuer {
    origin: String,
}

impl HttpIssuer {
    /// The issuer at this origin: the variable `jwks_origin`.
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
        }
    }

    async fn get(&self, path: &str, context: HeaderMap, max_bytes: usize) -> Result<Vec<u8>, String> {
        let mut request = http::Request::get(format!("{}{path}", self.origin))
            .body(EmptyBody::new())
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = context;
        let response = send(request).await.map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("status {}", response.status()));
        }
        let body = Limited::new(response.into_body(), max_bytes);
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes().to_vec())
    }

    async fn ask(&self, path: &str, context: HeaderMap, max_bytes: usize) -> Result<Vec<u8>, IssuerError> {
        let timeout = async {
            spin_sdk::time::sleep(TIMEOUT).await;
            Err(format!("no answer within {TIMEOUT:?}"))
        };
        let first = async {
            select(pin!(self.get(path, context, max_bytes)), pin!(timeout))
                .await
                .factor_first()
                .0
        };
        SendWrapper::new(first).await.map_err(IssuerError)
    }
}

#[async_trait]
impl Issuer for HttpIssuer {
    async fn jwks(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.ask("/.well-known/jwks.json", context, JWKS_MAX_BYTES).await
    }

    async fn revocations(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.ask("/api/auth/revocations", context, REVOCATIONS_MAX_BYTES).await
    }
}
