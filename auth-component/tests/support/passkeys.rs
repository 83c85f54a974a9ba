//! Alice, her device, and what passes between it and the service.

use auth_component::records::totp::{STEP_MILLIS, TotpSecret};
use authenticator::{Algorithm, Authenticator};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, PASSWORD, TestApp};

/// Of the configuration of tests.
pub const ORIGIN: &str = "http://localhost:3000";

pub fn device(seed: &str) -> Authenticator {
    Authenticator::new(Algorithm::Es256, seed, ORIGIN)
}

/// A world where Alice is signed in, and her access token.
pub async fn alice() -> (TestApp, String) {
    let app = TestApp::with_alice().await;
    let (access, _) = app.alice_signs_in(PASSWORD).await;
    (app, access)
}

pub async fn creation_options(app: &TestApp, access: &str) -> Value {
    let proof = json!({"password": PASSWORD});
    let options = app.call_as(access, "POST", "/api/auth/passkeys/options", proof).await;
    assert_eq!(options.status, StatusCode::OK, "{options:?}");
    options.body
}

pub async fn send_new(app: &TestApp, access: &str, credential: Value) -> Answer {
    let body = json!({"name": "my laptop", "credential": credential});
    app.call_as(access, "POST", "/api/auth/passkeys", body).await
}

pub async fn add(app: &TestApp, access: &str, device: &mut Authenticator) -> Answer {
    let options = creation_options(app, access).await;
    send_new(app, access, device.create(&options)).await
}

pub async fn request_options(app: &TestApp) -> Value {
    // After whatever was used before.
    app.pass_secs(1);
    let options = app.call("POST", "/api/auth/session/passkey/options", &[], "").await;
    assert_eq!(options.status, StatusCode::OK, "{options:?}");
    options.body
}

pub async fn send(app: &TestApp, answer: &Value) -> Answer {
    app.post_json("/api/auth/session/passkey", answer.clone()).await
}

pub async fn sign_in(app: &TestApp, device: &mut Authenticator) -> Answer {
    let options = request_options(app).await;
    send(app, &device.get(&options)).await
}

/// A world where Alice has a passkey, which is in the device.
pub async fn alices_passkey() -> (TestApp, String, Authenticator) {
    let (app, access) = alice().await;
    let mut device = device("laptop");
    let added = add(&app, &access, &mut device).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    (app, access, device)
}

#[track_caller]
pub fn expect_wrong(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.body["type"], "/problems#wrong-passkey");
    assert!(answer.header("set-cookie").is_empty());
}

pub async fn passkeys(app: &TestApp, access: &str) -> Vec<Value> {
    let list = app.call_as(access, "GET", "/api/auth/passkeys", Value::Null).await;
    list.body["items"].as_array().unwrap().clone()
}

/// What a change of the account takes a passkey for.
pub async fn change_options(app: &TestApp, access: &str, change: &str) -> Value {
    app.pass_secs(1);
    let body = json!({ "change": change });
    let options = app.call_as(access, "POST", "/api/auth/me/passkey/options", body).await;
    assert_eq!(options.status, StatusCode::OK, "{options:?}");
    options.body
}

/// Has Alice's passkey asked for after the password.
pub async fn ask_for_passkey(app: &TestApp, access: &str, device: &mut Authenticator) -> Answer {
    let options = change_options(app, access, "second-factor-on").await;
    let body = json!({ "passkey": device.get(&options) });
    app.call_as(access, "PUT", "/api/auth/passkeys/second-factor", body)
        .await
}

/// A world where Alice has a passkey, which is asked for after the password.
pub async fn asked_for_passkey() -> (TestApp, String, Authenticator) {
    let (app, access, mut device) = alices_passkey().await;
    let on = ask_for_passkey(&app, &access, &mut device).await;
    assert_eq!(on.status, StatusCode::NO_CONTENT, "{on:?}");
    (app, access, device)
}

/// Signs Alice in with her password and, it may be, more.
pub async fn sign_in_with(app: &TestApp, more: Value) -> Answer {
    let mut body = json!({"username": "alice", "password": PASSWORD});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post_json("/api/auth/session", body).await
}

/// What is asked of somebody who has shown the password: the kinds of second factors, and options for a passkey.
pub async fn asked(app: &TestApp) -> (Value, Value) {
    app.pass_secs(1);
    let answer = sign_in_with(app, json!({})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.text("type"), "/problems#second-factor-required");
    let member = |name: &str| answer.body.get(name).cloned().unwrap_or_default();
    (member("methods"), member("passkey_options"))
}

/// Gives Alice an app that makes codes: the secret of a new one, which is not active yet.
pub async fn new_totp(app: &TestApp, access: &str) -> TotpSecret {
    let begun = app.call_as(access, "POST", "/api/auth/totp", Value::Null).await;
    begun.text("secret").try_into().unwrap()
}

/// The code of the next thirty seconds.
pub fn next_code(app: &TestApp, secret: &TotpSecret) -> String {
    app.pass_secs(30);
    secret.code_at(app.ports.clock.now().0 / STEP_MILLIS).to_text()
}
