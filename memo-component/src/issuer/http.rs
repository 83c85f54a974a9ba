//! The issuer over HTTP: another component of the app, or another app.

use std::{pin::pin, time::Duration};

use async_trait::async_trait;
use axum::body::Bytes;
use common::entry::next_turn;
use futures::future::{join, select};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, uri::InvalidUri};
use http_body_util::{BodyExt, Full, Limited};
use send_wrapper::SendWrapper;
use spin_sdk::http::send;

use super::{Issuer, IssuerError};

/// The longest JWK Set that is read, in bytes. Ours has about 150 a key.
const JWKS_MAX_BYTES: usize = 64 * 1024;

/// The longest list of ended sessions that is read, in bytes: ten thousand of them have 700,000.
const REVOCATIONS_MAX_BYTES: usize = 1024 * 1024;

/// The longest answer about a token that is read, in bytes. Ours says one thing.
const INTROSPECTION_MAX_BYTES: usize = 4 * 1024;

/// How long the issuer may take. Keys that are at hand serve better than waiting for newer ones.
const TIMEOUT: Duration = Duration::from_secs(3);

/// An issuer that serves `/.well-known/jwks.json`, `/api/auth/revocations` and `/api/auth/introspect`.
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

    /// Reads an answer; `form` is what to post, and none asks for what is there.
    async fn read(
        &self,
        path: &str,
        form: Option<String>,
        context: HeaderMap,
        max_bytes: usize,
    ) -> Result<Vec<u8>, String> {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = http::Request::new(Full::<Bytes>::from(form.unwrap_or_default()));
        *request.headers_mut() = context;
        if method == Method::POST {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(header::CONTENT_TYPE, form);
        }
        *request.method_mut() = method;
        let uri = format!("{}{path}", self.origin).parse();
        *request.uri_mut() = uri.map_err(|error: InvalidUri| error.to_string())?;
        let (response, ()) = join(send(request), next_turn()).await;
        let response = response.map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("status {}", response.status()));
        }
        let body = Limited::new(response.into_body(), max_bytes);
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes().to_vec())
    }

    async fn ask(
        &self,
        path: &str,
        form: Option<String>,
        context: HeaderMap,
        max_bytes: usize,
    ) -> Result<Vec<u8>, IssuerError> {
        let timeout = async {
            spin_sdk::time::sleep(TIMEOUT).await;
            Err(format!("no answer within {TIMEOUT:?}"))
        };
        let first = async {
            select(pin!(self.read(path, form, context, max_bytes)), pin!(timeout))
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
        self.ask("/.well-known/jwks.json", None, context, JWKS_MAX_BYTES).await
    }

    async fn revocations(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.ask("/api/auth/revocations", None, context, REVOCATIONS_MAX_BYTES)
            .await
    }

    async fn introspect(&self, token: &str, context: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        // A token has letters, digits, `-`, `_` and dots, none of which a form writes in another way.
        let form = Some(format!("token={token}"));
        self.ask("/api/auth/introspect", form, context, INTROSPECTION_MAX_BYTES)
            .await
    }
}
