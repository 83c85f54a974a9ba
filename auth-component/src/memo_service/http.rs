//! The memo service over HTTP: another component of the app, or another app.

use std::{pin::pin, time::Duration};

use async_trait::async_trait;
use common::entry::next_turn;
use futures::future::{join, select};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use send_wrapper::SendWrapper;
use spin_sdk::http::{EmptyBody, send};

use super::{MemoService, MemoServiceError};

/// The longest answer that is read, in bytes. It is two numbers.
const ANSWER_MAX_BYTES: usize = 4 * 1024;

/// How long one step may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A service that serves `/api/memos/erasure`.
pub struct HttpMemoService {
    origin: String,
}

impl HttpMemoService {
    /// The service at this origin: the variable `memo_origin`.
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
        }
    }

    async fn post(&self, path: &str, access_token: &str, context: HeaderMap) -> Result<Vec<u8>, String> {
        let mut request = Request::post(format!("{}{path}", self.origin))
            .body(EmptyBody::new())
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = context;
        let bearer = HeaderValue::try_from(format!("Bearer {access_token}")).map_err(|error| error.to_string())?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        // The body is empty, and its end has to be sent all the same.
        let (response, ()) = join(send(request), next_turn()).await;
        let response = response.map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("status {}", response.status()));
        }
        let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES);
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes().to_vec())
    }
}

#[async_trait]
impl MemoService for HttpMemoService {
    async fn erase(&self, access_token: &str, context: HeaderMap) -> Result<Vec<u8>, MemoServiceError> {
        let timeout = async {
            spin_sdk::time::sleep(TIMEOUT).await;
            Err(format!("no answer within {TIMEOUT:?}"))
        };
        let first = async {
            let asked = self.post("/api/memos/erasure", access_token, context);
            select(pin!(asked), pin!(timeout)).await.factor_first().0
        };
        SendWrapper::new(first).await.map_err(MemoServiceError)
    }
}
