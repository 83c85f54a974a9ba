//! Programs that people connect.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::app::TestApp;
use super::client::Client;
use super::response::Response;
use super::user::User;

const REDIRECT_URI: &str = "http://127.0.0.1/cb";

/// What a program makes up for each of its requests; here always the same.
pub const VERIFIER: &str = "a-verifier-of-some-program-that-nobody-else-knows";

/// SHA-256 of the verifier.
const CHALLENGE: &str = "sBmZyVMLnV90aSn6iCv2HfYliG86kERGPW5-8u-znho";

/// It comes back as it was, byte by byte.
pub const STATE: &str = "a b+c%20d&e=f#g우유\"<>";

/// A program that has registered.
pub struct Program {
    pub client_id: String,
    /// Where its answers go.
    pub redirect_uri: String,
    client: Client,
}

impl Program {
    pub async fn register(app: &TestApp) -> Self {
        let registered = Self::register_as(app, "A program", REDIRECT_URI).await;
        registered.expect("the name can be had")
    }

    /// The same under a name that it chooses itself; `None` where it can't be had.
    pub async fn register_as(app: &TestApp, name: &str, redirect_uri: &str) -> Option<Self> {
        let client = app.anonymous();
        let page = "https://app.example/about";
        let metadata = json!({ "client_name": name, "client_uri": page, "redirect_uris": [redirect_uri] });
        let registered = client.post("/api/auth/clients", &metadata).await;
        if registered.status() == 400 {
            return None;
        }
        let registered = registered.expect(201).value();
        Some(Self {
            client_id: registered["client_id"].as_str().expect("an id").to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            client,
        })
    }

    /// The program as somebody who speaks to the app.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the program asks for.
    pub fn request(&self, scope: &str) -> Value {
        json!({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": scope,
            "state": STATE, "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        })
    }

    /// Somebody says yes: where the browser goes, and with what.
    pub async fn allowed_by(&self, user: &Client, scope: &str) -> (String, HashMap<String, String>) {
        let address = allow(user, self.request(scope)).await;
        let parameters = address.query_pairs().into_owned().collect();
        (
            format!("{}{}", address.origin().ascii_serialization(), address.path()),
            parameters,
        )
    }

    /// A code that somebody allows it.
    pub async fn code(&self, user: &Client, scope: &str) -> String {
        let (_, mut parameters) = self.allowed_by(user, scope).await;
        parameters.remove("code").expect("a code")
    }

    /// Shows a code.
    pub async fn redeem(&self, code: &str) -> Response {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.client.post_form("/api/auth/token", &form).await
    }

    /// Shows a refresh token.
    pub async fn refresh(&self, token: &str) -> Response {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("refresh_token", token),
        ];
        self.client.post_form("/api/auth/token", &form).await
    }

    /// Gets tokens from a person: requests are made with the access token, and the refresh token.
    pub async fn connect(&self, user: &User, scope: &str) -> (Client, String) {
        let code = self.code(user, scope).await;
        let tokens = self.redeem(&code).await.expect(200).value();
        let field = |name: &str| tokens[name].as_str().expect("a token answer is complete").to_owned();
        (self.client.with_token(field("access_token")), field("refresh_token"))
    }
}

/// Somebody says yes to any program's request: where the browser goes with that.
pub async fn allow(user: &Client, mut request: Value) -> reqwest::Url {
    request["approve"] = true.into();
    let answer = user.post("/api/auth/authorize", &request).await.expect(201).value();
    let address = answer["redirect_to"].as_str().expect("an address");
    reqwest::Url::parse(address).expect("an address")
}
