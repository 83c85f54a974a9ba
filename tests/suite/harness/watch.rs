//! A listener between a browser and the app. Drivers other than Chromium's have no log of the console, and a script that
//! WebDriver runs comes too late to hear what is wrong while a page loads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, header};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::app::TestApp;

/// The first script of each page. It comes from the page's own origin, as the policy asks.
const SCRIPT: &str = include_str!("watch.js");
const PATIENCE: Duration = Duration::from_secs(30);
const BODY_MAX_BYTES: usize = 4 << 20;

/// Passes everything on to the app, and hears what its pages complain about from their first line on: errors,
/// warnings, and what the content security policy has refused.
pub struct Watch {
    relay: Relay,
    app: TestApp,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Relay {
    base_url: String,
    http: reqwest::Client,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    pub async fn over(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let relay = Relay {
            base_url: app.base_url().to_owned(),
            http: super::app::http_client(false),
            heard: Arc::default(),
        };
        let router = Router::new()
            .route(
                "/watch.js",
                get(async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)),
            )
            .route("/watch", post(Relay::hear))
            .fallback(Relay::pass_on)
            .with_state(relay.clone());
        Self {
            relay,
            app: TestApp::at(&format!("http://{address}")),
            server: tokio::spawn(async move { axum::serve(listener, router).await.expect("the relay runs") }),
        }
    }

    /// The app, as the browser is to see it.
    pub fn app(&self) -> &TestApp {
        &self.app
    }

    /// Waits until a complaint was heard that contains these words.
    pub async fn hears(&self, words: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.heard().iter().any(|complaint| complaint.contains(words)) {
            assert!(
                Instant::now() < end,
                "{words:?} was never heard, only {:?}",
                self.heard()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What was heard so far.
    pub fn heard(&self) -> Vec<String> {
        self.relay.heard.lock().expect("nobody panics meanwhile").clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Relay {
    async fn hear(State(relay): State<Self>, complaint: String) {
        relay.heard.lock().expect("nobody panics meanwhile").push(complaint);
    }

    async fn pass_on(State(relay): State<Self>, request: Request) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        // A page that is compressed could not be added to.
        head.headers.remove(header::ACCEPT_ENCODING);
        let body = to_bytes(body, BODY_MAX_BYTES).await.expect("the body of a request");
        let call = relay
            .http
            .request(head.method, format!("{}{}", relay.base_url, head.uri))
            .headers(head.headers)
            .body(body);
        let (mut head, body) = match call.send().await {
            Ok(answer) => Response::from(answer).into_parts(),
            Err(why) => {
                return Response::builder()
                    .status(502)
                    .body(why.to_string().into())
                    .expect("an answer");
            }
        };
        let body = Body::new(body);
        head.headers.remove(header::TRANSFER_ENCODING);
        if !is_page(&head.headers) {
            return Response::from_parts(head, body);
        }
        head.headers.remove(header::CONTENT_LENGTH);
        let page = to_bytes(body, BODY_MAX_BYTES).await.expect("a page");
        let page = String::from_utf8_lossy(&page).replacen("<head>", "<head><script src=\"/watch.js\"></script>", 1);
        Response::from_parts(head, page.into())
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}
