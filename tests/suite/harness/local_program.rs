//! A program on a person's device, to which a browser comes back.

use std::ops::Deref;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::app::TestApp;
use super::client::Client;
use super::program::{Program, STATE};

/// How long a browser may take to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// The parameters that a browser comes back with, in their order.
type Answer = Vec<(String, String)>;

/// A registered program that listens on this machine. It ends with its value.
pub struct LocalProgram {
    program: Program,
    come: UnboundedReceiver<Answer>,
    server: JoinHandle<()>,
}

impl Deref for LocalProgram {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl Drop for LocalProgram {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl LocalProgram {
    /// Registers a program under a name that it chooses itself.
    pub async fn register(app: &TestApp, name: &str) -> Self {
        Self::try_register(app, name).await.expect("a name")
    }

    /// The same; `None` where the name can't be had.
    pub async fn try_register(app: &TestApp, name: &str) -> Option<Self> {
        let (send, come) = unbounded_channel();
        let router = Router::new().route("/callback", get(callback)).with_state(send);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the program runs") });
        let program = Program::register_as(app, name, &format!("http://{address}/callback")).await?;
        Some(Self { program, come, server })
    }

    /// What it asks for as a path of the site, to which the program sends the browser.
    pub fn address(&self, scope: &str) -> String {
        Self::address_of(&self.request(scope))
    }

    /// The same for any request.
    pub fn address_of(request: &Value) -> String {
        let parameters = request.as_object().expect("parameters").iter();
        let parameters = parameters.map(|(name, value)| (name, value.as_str().expect("a text")));
        let mut address = reqwest::Url::parse("http://site/authorize").expect("an address");
        address.query_pairs_mut().extend_pairs(parameters);
        format!("/authorize?{}", address.query().unwrap_or_default())
    }

    /// Waits until the browser has come back, and tells what it brought.
    pub async fn comes_back(&mut self) -> Answer {
        let come = timeout(PATIENCE, self.come.recv()).await;
        come.expect("the browser never comes back").expect("the program runs")
    }

    /// Waits for the browser with a code.
    pub async fn comes_back_with_a_code(&mut self) -> String {
        let answer = self.comes_back().await;
        let names: Vec<&str> = answer.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["code", "state", "iss"], "{answer:?}");
        assert_eq!(answer[1].1, STATE);
        answer[0].1.clone()
    }

    /// Whether a browser has come back that nobody waited for.
    pub fn has_come(&mut self) -> bool {
        self.come.try_recv().is_ok()
    }

    /// The scope of the token that a code is good for, and a client that has it.
    pub async fn begin(&self, code: &str) -> (String, Client) {
        let tokens = self.redeem(code).await.expect(200).value();
        let text = |name: &str| tokens[name].as_str().expect("the answer is complete").to_owned();
        (text("scope"), self.client().with_token(text("access_token")))
    }
}

async fn callback(State(send): State<UnboundedSender<Answer>>, Query(answer): Query<Answer>) -> Html<&'static str> {
    let _ = send.send(answer); // Nobody waits where the test is over.
    Html("<!doctype html><title>Back</title><link rel=icon href=data:,><p id=back>Back in the program.")
}
