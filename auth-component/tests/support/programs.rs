//! A program that connects itself with alice's account.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac_sha256::Hash;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, TestApp};

pub const REDIRECT_URI: &str = "https://program.example/cb";
pub const VERIFIER: &str = "a-verifier-of-some-program-that-nobody-else-knows";
pub const STATE: &str = "x&y=z #%2B+우유";

pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Hash::hash(verifier.as_bytes()))
}

/// Registers a program, and tells its id.
pub async fn registered(app: &TestApp) -> String {
    let metadata = json!({"client_name": "A program", "redirect_uris": [REDIRECT_URI, "http://127.0.0.1/cb"]});
    let answer = app.post_json("/api/auth/clients", metadata).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.text("client_id")
}

/// What a program asks for that does everything right.
pub fn asked(client_id: &str) -> Value {
    json!({
        "response_type": "code", "client_id": client_id, "redirect_uri": REDIRECT_URI, "state": STATE,
        "scope": "memos:read memos:write", "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256",
    })
}

/// The same with some members changed.
pub fn changed(asked: &Value, changes: Value) -> Value {
    let mut asked = asked.clone();
    for (name, value) in changes.as_object().unwrap() {
        asked[name] = value.clone();
    }
    asked
}

/// The parameters of the address that an answer sends the browser to, and the address without them.
pub fn redirected(answer: &Answer) -> (String, HashMap<String, String>) {
    let address = answer.text("redirect_to");
    let (address, query) = address.split_once('?').unwrap();
    let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    (address.to_owned(), parameters)
}

/// Whoever has this access token says yes.
pub async fn approve(app: &TestApp, access_token: &str, asked: &Value) -> Answer {
    let body = changed(asked, json!({"approve": true}));
    app.call_as(access_token, "POST", "/api/auth/authorize", body).await
}

/// The code that a program gets for a yes.
pub async fn code(app: &TestApp, access_token: &str, asked: &Value) -> String {
    let answer = approve(app, access_token, asked).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    redirected(&answer)
        .1
        .remove("code")
        .unwrap_or_else(|| panic!("{answer:?}"))
}

/// A program shows its code.
pub async fn redeem(app: &TestApp, client_id: &str, code: &str) -> Answer {
    app.form(&redemption(client_id, code)).await
}

/// What it shows.
pub fn redemption<'a>(client_id: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

/// A program goes on by a refresh token.
pub async fn refresh(app: &TestApp, client_id: &str, token: &str) -> Answer {
    app.form(&[
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("refresh_token", token),
    ])
    .await
}

/// A world where alice has connected a program: her access token, the program's id, and what the program got.
pub async fn connected() -> (TestApp, String, String, Answer) {
    let app = TestApp::with_alice().await;
    let (alice, _) = app.alice_signs_in(super::PASSWORD).await;
    let client_id = registered(&app).await;
    let code = code(&app, &alice, &asked(&client_id)).await;
    let tokens = redeem(&app, &client_id, &code).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    (app, alice, client_id, tokens)
}
