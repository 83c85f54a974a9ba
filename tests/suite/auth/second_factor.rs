//! `/api/auth/totp`, and sign-ins that need a code. The codes are made by another implementation than the service's.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::harness::{Client, PASSWORD, Response, TestApp, User};

const STEP_SECS: u64 = 30;

/// The code that an app shows now, or so many steps later. A code is good from the step before its own until the one after.
pub fn code(app: &Totp, steps_later: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    app.generate(now + steps_later * STEP_SECS).to_string()
}

async fn request(client: &Client, method: Method, body: &Value) -> Response {
    client.call(method, "/api/auth/totp").json(body).send().await
}

/// Gives somebody a second factor. Their app's code of this step is used up.
pub async fn turn_on(user: &User) -> Totp {
    let begun = request(user, Method::POST, &Value::Null).await.expect(201).value();
    let uri = begun["otpauth_uri"].as_str().expect("an address");
    let app = Totp::from_url(uri).expect("an address that apps can read");
    assert!(uri.contains(&user.username), "{uri}");
    assert!(begun["secret"].as_str().is_some_and(|secret| uri.contains(secret)));
    assert!(
        begun["qr_svg"]
            .as_str()
            .is_some_and(|svg| svg.contains("<svg") && svg.ends_with("</svg>"))
    );
    request(user, Method::PUT, &json!({ "code": code(&app, 0) }))
        .await
        .expect_empty(204);
    app
}

async fn sign_in(app: &TestApp, user: &User, password: &str, code: Option<&str>) -> Response {
    let body = json!({ "username": user.username, "password": password, "code": code });
    app.anonymous().post("/api/auth/session", &body).await
}

#[tokio::test]
async fn an_app_that_reads_the_address_makes_codes_that_are_good_once() {
    let app = TestApp::shared();
    let user = app.user("second").await;
    let authenticator = turn_on(&user).await;
    assert_eq!(
        user.get("/api/auth/me").await.expect(200).value()["second_factor"],
        true
    );
    let missing = sign_in(&app, &user, PASSWORD, None).await.problem(401);
    assert_eq!(missing.slug(), "second-factor-required");
    let next = code(&authenticator, 1);
    let guess = sign_in(&app, &user, "not the password", Some(&next)).await.problem(401);
    assert_eq!(guess.slug(), "wrong-credentials");
    sign_in(&app, &user, PASSWORD, Some(&next)).await.expect(200);
    let again = sign_in(&app, &user, PASSWORD, Some(&next)).await.problem(401);
    assert_eq!(again.slug(), "second-factor-required");
}

#[tokio::test]
async fn it_is_taken_away_for_the_password_and_a_code() {
    let app = TestApp::shared();
    let user = app.user("away").await;
    let authenticator = turn_on(&user).await;
    let proof = |password: &str, code: &str| json!({ "password": password, "code": code });
    let next = code(&authenticator, 1);
    for (body, field) in [
        (proof("not the password", &next), "password"),
        (proof(PASSWORD, "12345"), "code"),
    ] {
        let refused = request(&user, Method::DELETE, &body).await.problem(422);
        assert_eq!(refused.fields(), [field]);
    }
    let second = request(&user, Method::POST, &Value::Null).await.problem(409);
    assert_eq!(second.slug(), "second-factor-on");
    request(&user, Method::DELETE, &proof(PASSWORD, &next))
        .await
        .expect_empty(204);
    sign_in(&app, &user, PASSWORD, None).await.expect(200);
    request(&user, Method::DELETE, &proof(PASSWORD, &next))
        .await
        .problem(404);
}

#[tokio::test]
async fn guesses_at_the_code_are_put_off_after_a_handful() {
    let app = TestApp::shared();
    let user = app.user("handful").await;
    turn_on(&user).await;
    let mut statuses = Vec::new();
    // Five are let in; the clock may begin a new count once while they are made.
    for _ in 0..11 {
        statuses.push(sign_in(&app, &user, PASSWORD, Some("12345")).await.status());
    }
    assert!(statuses.starts_with(&[401; 5]), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[tokio::test]
async fn nobody_asks_for_a_second_factor_without_a_token() {
    let nobody = TestApp::shared().anonymous();
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let body = json!({ "password": PASSWORD, "code": "123456" });
        request(&nobody, method, &body).await.problem(401);
    }
}
