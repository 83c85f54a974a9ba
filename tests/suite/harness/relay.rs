//! What stands between a browser and the app, and can change what passes.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response, header, response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::app::TestApp;

const BODY_MAX_BYTES: usize = 4 << 20;

/// Passes requests on to the app.
#[derive(Clone)]
pub struct Relay {
    base_url: String,
    http: reqwest::Client,
}

impl Relay {
    pub fn to(app: &TestApp) -> Self {
        Self {
            base_url: app.base_url().to_owned(),
            http: super::app::http_client(false),
        }
    }

    /// The app's answer; 502 where it gives none.
    pub async fn pass_on(&self, request: Request) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        // What is compressed could not be changed.
        head.headers.remove(header::ACCEPT_ENCODING);
        let body = to_bytes(body, BODY_MAX_BYTES).await.expect("the body of a request");
        let call = self
            .http
            .request(head.method, format!("{}{}", self.base_url, head.uri))
            .headers(head.headers)
            .body(body);
        let (mut head, body) = match call.send().await {
            Ok(answer) => Response::from(answer).into_parts(),
            Err(why) => return answer(502, why.to_string()),
        };
        head.headers.remove(header::TRANSFER_ENCODING);
        Response::from_parts(head, Body::new(body))
    }
}

/// An answer of the relay's own.
pub fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).expect("an answer")
}

/// The text of an answer that is small, to be put together again with another.
pub async fn read(response: Response<Body>) -> (response::Parts, String) {
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let body = to_bytes(body, BODY_MAX_BYTES).await.expect("a body");
    (head, String::from_utf8_lossy(&body).into_owned())
}

/// Whether an answer is a page.
pub fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Serves on a free port of this machine: the app as a browser is to see it, and the task that ends with it.
pub async fn serve(router: Router) -> (TestApp, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the relay runs") });
    (TestApp::at(&format!("http://{address}")), server)
}
