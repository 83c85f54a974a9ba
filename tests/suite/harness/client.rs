//! Requests.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::Value;

use super::contract::Asked;
use super::events::Events;
use super::response::Response;

/// Speaks to the app, as somebody or as nobody.
#[derive(Clone)]
pub struct Client {
    base_url: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl Client {
    pub(super) fn new(base_url: &str, http: reqwest::Client) -> Self {
        Self {
            base_url: base_url.to_owned(),
            http,
            token: None,
        }
    }

    /// The same client with another access token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// The access token that the client sends.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a signed-in client")
    }

    pub async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.call(Method::POST, path).json(body).send().await
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.call(Method::POST, path).form(fields).send().await
    }

    pub async fn put(&self, path: &str, if_match: &str, body: &Value) -> Response {
        self.call(Method::PUT, path)
            .header("if-match", if_match)
            .json(body)
            .send()
            .await
    }

    pub async fn patch(&self, path: &str, if_match: &str, body: &Value) -> Response {
        self.call(Method::PATCH, path)
            .header("if-match", if_match)
            .json(body)
            .send()
            .await
    }

    pub async fn delete(&self, path: &str, if_match: &str) -> Response {
        self.call(Method::DELETE, path)
            .header("if-match", if_match)
            .send()
            .await
    }

    /// A request of any shape.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let what = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.base_url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Call {
            what,
            http: self.http.clone(),
            request,
        }
    }
}

/// A request in the making.
pub struct Call {
    what: String,
    http: reqwest::Client,
    request: reqwest::RequestBuilder,
}

impl Call {
    /// Adds a header, whose value may hold any bytes that HTTP carries.
    pub fn header(self, name: &str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("HTTP carries the value");
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    /// The body, with `Content-Type: application/json`.
    pub fn json(self, body: &Value) -> Self {
        Self {
            request: self.request.json(body),
            ..self
        }
    }

    /// The body, with `Content-Type: application/x-www-form-urlencoded`.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        Self {
            request: self.request.form(fields),
            ..self
        }
    }

    /// The body as it is, without a content type.
    pub fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self {
            request: self.request.body(body),
            ..self
        }
    }

    pub async fn send(self) -> Response {
        let what = self.what.clone();
        self.try_send().await.unwrap_or_else(|why| panic!("{what}: {why:?}"))
    }

    /// Opens a stream of events; what refuses it is an answer.
    pub async fn listen(self) -> Result<Events, Response> {
        let what = self.what.clone();
        let (asked, answer) = self.carry_out().await.unwrap_or_else(|why| panic!("{what}: {why:?}"));
        Events::open(what, asked, answer).await
    }

    /// Also where the server may go away meanwhile.
    pub async fn try_send(self) -> Result<Response, reqwest::Error> {
        let what = self.what.clone();
        let (asked, answer) = self.carry_out().await?;
        Response::receive(what, asked, answer).await
    }

    async fn carry_out(self) -> Result<(Asked, reqwest::Response), reqwest::Error> {
        let request = self.request.build()?;
        let asked = Asked::of(&request);
        Ok((asked, self.http.execute(request).await?))
    }
}
