//! A program on a person's device, to which a browser comes back.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use super::app::TestApp;
use super::client::Client;
use super::response::Response;

/// How long a browser may take to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the program keeps to itself until it shows its code (RFC 7636).
const VERIFIER: &str = "a-verifier-that-has-more-than-43-characters-in-it";

/// The parameters that a browser comes back with, in their order.
type Answer = Vec<(String, String)>;

/// A registered program, which waits for a browser to come back to it. It ends with its value.
pub struct LocalProgram {
    pub client_id: String,
    /// Where the browser comes back to.
    pub redirect_uri: String,
    app: Client,
    come: UnboundedReceiver<Answer>,
    server: JoinHandle<()>,
}

impl Drop for LocalProgram {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl LocalProgram {
    /// What the program gets back as it was.
    pub const STATE: &str = "a state & more+";

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
        let redirect_uri = format!("http://{address}/callback");
        let metadata = json!({
            "client_name": name, "client_uri": "https://app.example/about", "redirect_uris": [&redirect_uri],
            "token_endpoint_auth_method": "none",
        });
        let app = app.anonymous();
        let registered = app.post("/api/auth/clients", &metadata).await;
        if registered.status() == 400 {
            return None;
        }
        let registered = registered.expect(201).value();
        Some(Self {
            client_id: registered["client_id"].as_str().expect("an id").to_owned(),
            redirect_uri,
            app,
            come,
            server,
        })
    }

    /// What it asks for.
    pub fn request(&self, scope: &str) -> Value {
        json!({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": scope,
            "state": Self::STATE, "code_challenge": URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
            "code_challenge_method": "S256",
        })
    }

    /// The same as a path of the site, to which the program sends the browser.
    pub fn address(&self, scope: &str) -> String {
        Self::address_of(&self.request(scope))
    }

    /// Any request as a path of the site.
    pub fn address_of(request: &Value) -> String {
        let parameters = request.as_object().expect("parameters").iter();
        let parameters = parameters.map(|(name, value)| (name, value.as_str().expect("a text")));
        let mut address = reqwest::Url::parse("http://site/authorize").expect("an address");
        address.query_pairs_mut().extend_pairs(parameters);
        format!("/authorize?{}", address.query().unwrap_or_default())
    }

    /// Lets somebody allow what it asks for, without a browser.
    pub async fn is_allowed_by(&self, user: &Client, scope: &str) -> (String, Client) {
        let to = allow(user, self.request(scope)).await;
        let to = reqwest::Url::parse(&to).expect("an address");
        let code = to.query_pairs().find(|(name, _)| name == "code").expect("a code").1;
        self.begin(&code).await
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
        assert_eq!(answer[1].1, Self::STATE);
        answer[0].1.clone()
    }

    /// Whether a browser has come back that nobody waited for.
    pub fn has_come(&mut self) -> bool {
        self.come.try_recv().is_ok()
    }

    /// Asks for tokens.
    pub async fn redeem(&self, code: &str) -> Response {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code", code),
            ("code_verifier", VERIFIER),
        ];
        self.app.post_form("/api/auth/token", &form).await
    }

    /// The scope of the token that a code is good for, and a client that has it.
    pub async fn begin(&self, code: &str) -> (String, Client) {
        let tokens = self.redeem(code).await.expect(200).value();
        let text = |name: &str| tokens[name].as_str().expect("the answer is complete").to_owned();
        (text("scope"), self.app.with_token(text("access_token")))
    }
}

/// Allows what is asked for, as the site does in somebody's name, and tells where the browser goes with that.
pub async fn allow(user: &Client, mut request: Value) -> String {
    request["approve"] = json!(true);
    let answer = user.post("/api/auth/authorize", &request).await.expect(201).value();
    answer["redirect_to"].as_str().expect("an address").to_owned()
}

async fn callback(State(send): State<UnboundedSender<Answer>>, Query(answer): Query<Answer>) -> Html<&'static str> {
    let _ = send.send(answer); // Nobody waits where the test is over.
    Html("<!doctype html><title>Back</title><link rel=icon href=data:,><p id=back>Back in the program.")
}
