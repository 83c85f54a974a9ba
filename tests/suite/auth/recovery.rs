//! `POST /api/auth/recover` and `POST /api/auth/recovery-codes`

use serde_json::json;

use crate::harness::{PASSWORD, Response, TestApp, unique};

const NEW: &str = "a better horse battery staple";

async fn register(app: &TestApp, username: &str) -> Vec<String> {
    let credentials = json!({ "username": username, "password": PASSWORD });
    codes(&app.anonymous().post("/api/auth/users", &credentials).await.expect(201))
}

fn codes(response: &Response) -> Vec<String> {
    let codes = serde_json::from_value::<Vec<String>>(response.value()["recovery_codes"].clone());
    let codes = codes.expect("an answer with codes");
    assert_eq!(codes.len(), 10);
    codes
}

async fn recover(app: &TestApp, username: &str, code: &str, new: &str) -> Response {
    let body = json!({ "username": username, "recovery_code": code, "new_password": new });
    app.anonymous().post("/api/auth/recover", &body).await
}

async fn access_token(app: &TestApp, username: &str, password: &str) -> String {
    let body = json!({ "username": username, "password": password });
    let answer = app.anonymous().post("/api/auth/session", &body).await.expect(200);
    let token = answer.value()["access_token"].as_str().map(str::to_owned);
    token.expect("an access token")
}

#[tokio::test]
async fn a_code_opens_the_account_once_and_ends_all_sessions() {
    let app = TestApp::shared();
    let name = unique("recovers");
    let codes = register(&app, &name).await;
    let before = app.anonymous().with_token(access_token(&app, &name, PASSWORD).await);
    let typed = codes[0].to_lowercase().replace('-', "");
    recover(&app, &name, &typed, NEW).await.expect_empty(204);
    before.get("/api/auth/me").await.problem(401);
    let again = recover(&app, &name, &codes[0], PASSWORD).await.problem(401);
    assert_eq!(again.slug(), "wrong-recovery-code");
    let after = app.anonymous().with_token(access_token(&app, &name, NEW).await);
    assert_eq!(
        after.get("/api/auth/me").await.expect(200).value()["recovery_codes_left"],
        9
    );
}

#[tokio::test]
async fn what_is_nobodys_is_answered_alike_and_a_weak_password_by_field() {
    let app = TestApp::shared();
    let name = unique("owner");
    let codes = register(&app, &name).await;
    let others = register(&app, &unique("other")).await;
    for (username, code) in [
        (name.as_str(), others[0].as_str()),
        (name.as_str(), "no code"),
        ("nobody-at-all", codes[0].as_str()),
        ("", codes[0].as_str()),
    ] {
        let refused = recover(&app, username, code, NEW).await.problem(401);
        assert_eq!(refused.slug(), "wrong-recovery-code");
    }
    let weak = recover(&app, &name, &codes[0], "Password1").await.problem(422);
    assert_eq!(weak.fields(), ["new_password"]);
    access_token(&app, &name, PASSWORD).await;
}

#[tokio::test]
async fn new_codes_make_the_old_ones_void() {
    let app = TestApp::shared();
    let name = unique("renews");
    let old = register(&app, &name).await;
    let person = app.anonymous().with_token(access_token(&app, &name, PASSWORD).await);
    let path = "/api/auth/recovery-codes";
    let wrong = person.post(path, &json!({ "password": "not the password" })).await;
    assert_eq!(wrong.problem(422).fields(), ["password"]);
    let new = codes(&person.post(path, &json!({ "password": PASSWORD })).await.expect(201));
    recover(&app, &name, &old[0], NEW).await.problem(401);
    recover(&app, &name, &new[0], NEW).await.expect_empty(204);
    app.anonymous()
        .post(path, &json!({ "password": NEW }))
        .await
        .problem(401);
}
