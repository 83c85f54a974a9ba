//! `PUT /api/auth/me/password`

use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, PASSWORD, Response, TestApp};

const NEW: &str = "a better horse battery staple";

async fn change(client: &Client, current: &str, new: &str) -> Response {
    let body = json!({ "current_password": current, "new_password": new });
    client
        .call(Method::PUT, "/api/auth/me/password")
        .json(&body)
        .send()
        .await
}

async fn sign_in(app: &TestApp, username: &str, password: &str) -> Response {
    let body = json!({ "username": username, "password": password });
    app.anonymous().post("/api/auth/session", &body).await
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_the_old_one_opens_nothing() {
    let app = TestApp::shared();
    let user = app.user("changes").await;
    let other = user.sign_in_again(&app).await;
    change(&user, PASSWORD, NEW).await.expect_empty(204);
    other.get("/api/auth/me").await.problem(401);
    user.get("/api/auth/me").await.expect(200);
    sign_in(&app, &user.username, PASSWORD).await.problem(401);
    sign_in(&app, &user.username, NEW).await.expect(200);
    app.anonymous().refresh(&user.cookie).await.expect(200);
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field_and_changes_nothing() {
    let app = TestApp::shared();
    let user = app.user("mistaken").await;
    for (current, new, field) in [
        ("not the password", NEW, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "Password1", "new_password"),
        (PASSWORD, "memo-pad-2026", "new_password"),
        (PASSWORD, user.username.as_str(), "new_password"),
    ] {
        let problem = change(&user, current, new).await.problem(422);
        assert_eq!(problem.fields(), [field], "{problem:?}");
    }
    change(&app.anonymous(), PASSWORD, NEW).await.problem(401);
    sign_in(&app, &user.username, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn guesses_at_the_current_password_are_put_off_like_those_at_sign_in() {
    let app = TestApp::shared();
    let user = app.user("guesses").await;
    let mut last = 0;
    // Ten are let in; the clock may begin a new count once while they are made.
    for _ in 0..21 {
        last = change(&user, "not the password", NEW).await.status();
    }
    assert_eq!(last, 429);
    sign_in(&app, &user.username, PASSWORD).await.problem(429);
}
