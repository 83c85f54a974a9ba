//! A listener between a browser and the app. Drivers other than Chromium's have no log of the console, and a script that
//! WebDriver runs comes too late to hear what is wrong while a page loads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, header};
use axum::routing::{get, post};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::app::TestApp;
use super::relay::{self, Relay};

/// The first script of each page. It comes from the page's own origin, as the policy asks.
const SCRIPT: &str = include_str!("watch.js");
const PATIENCE: Duration = Duration::from_secs(30);

/// Passes everything on to the app, and hears what its pages complain about from their first line on: errors,
/// warnings, and what the content security policy has refused.
pub struct Watch {
    ear: Ear,
    app: TestApp,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Ear {
    relay: Relay,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    pub async fn over(app: &TestApp) -> Self {
        let ear = Ear {
            relay: Relay::to(app),
            heard: Arc::default(),
        };
        let script = async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT);
        let router = Router::new()
            .route("/watch.js", get(script))
            .route("/watch", post(Ear::hear))
            .fallback(Ear::pass_on)
            .with_state(ear.clone());
        let (app, server) = relay::serve(router).await;
        Self { ear, app, server }
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
        self.ear.heard.lock().expect("nobody panics meanwhile").clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Ear {
    async fn hear(State(ear): State<Self>, complaint: String) {
        ear.heard.lock().expect("nobody panics meanwhile").push(complaint);
    }

    async fn pass_on(State(ear): State<Self>, request: Request) -> Response<Body> {
        let response = ear.relay.pass_on(request).await;
        if !relay::is_page(response.headers()) {
            return response;
        }
        let (head, page) = relay::read(response).await;
        let page = page.replacen("<head>", "<head><script src=\"/watch.js\"></script>", 1);
        Response::from_parts(head, page.into())
    }
}
