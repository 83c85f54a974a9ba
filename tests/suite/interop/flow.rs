//! The code flow with OAuth clients that nobody here wrote: discovery, registration, consent, tokens, their renewal and their end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::browser::{ALLOW, DENY, open_as};
use crate::harness::{Client, Foreign, Screen, TestApp, User, allow};

const BOTH: &str = "memos:read memos:write";

/// How long a token may be good after its session has ended, and some.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program, and where it sends the browser.
async fn begin(script: &str, app: &TestApp) -> Option<(Foreign, String)> {
    let task = json!({
        "issuer": app.base_url(), "memos": format!("{}/api/memos", app.base_url()), "scope": BOTH, "name": script,
    });
    let mut program = Foreign::start(script, &task)?;
    let said = program.says().await;
    let authorize = said["authorize"].as_str().expect("an address").to_owned();
    assert!(
        authorize.starts_with(&format!("{}/authorize?", app.base_url())),
        "{authorize}"
    );
    Some((program, authorize))
}

/// What the program says once it was allowed something: it has used it, renewed it, looked at it and given it back.
async fn goes_on(program: &mut Foreign, user: &User, scope: &str) {
    let tokens = program.says().await["tokens"].take();
    assert_eq!(tokens["scope"], scope, "{tokens}");
    assert_eq!(
        tokens["token_type"].as_str().map(str::to_lowercase).as_deref(),
        Some("bearer")
    );
    let memos = program.says().await;
    assert_eq!(
        memos["memos"]["items"][0]["text"], "for everybody's programs",
        "{memos}"
    );
    let renewed = program.says().await["renewed"].take();
    assert_eq!(renewed["scope"], scope, "{renewed}");
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    let introspected = program.says().await["introspected"].take();
    let expected = (&json!(true), &json!(scope), &json!(user.id));
    let told = (&introspected["active"], &introspected["scope"], &introspected["sub"]);
    assert_eq!(told, expected, "{introspected}");
    assert_eq!(program.says().await, json!({ "refused": "invalid_grant" }));
    is_shut_out(user, &renewed).await;
    let connected = user.get("/api/auth/clients").await.expect(200).value();
    assert_eq!(connected["items"], json!([]), "its only session has ended");
}

/// Waits until the memo service refuses what was given back.
async fn is_shut_out(user: &Client, tokens: &Value) {
    let memos = user.with_token(tokens["access_token"].as_str().expect("a token"));
    let end = Instant::now() + PATIENCE;
    while memos.get("/api/memos").await.status() != 401 {
        assert!(Instant::now() < end, "the memo service is never told");
        sleep(Duration::from_millis(500)).await;
    }
}

/// A person answers in a browser: first no, and the next time yes, but less.
async fn flows_in_a_browser(script: &str) {
    let app = TestApp::shared();
    let user = app.user("interoperates").await;
    user.write("for everybody's programs").await;
    let Some((mut program, authorize)) = begin(script, &app).await else {
        return;
    };
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let path = |address: &str| address.replace(app.base_url(), "");
    browser.go(&app, &path(&authorize)).await;
    assert_eq!(browser.text("[data-testid=asking]").await, script);
    browser.click(DENY).await;
    browser.sees("#back").await;
    assert_eq!(program.says().await, json!({ "refused": "access_denied" }));

    let (mut program, authorize) = begin(script, &app).await.expect("it was there before");
    browser.go(&app, &path(&authorize)).await;
    browser.click("[data-testid=may-write]").await;
    browser.click(ALLOW).await;
    browser.sees("#back").await;
    goes_on(&mut program, &user, "memos:read").await;
    browser.close().await;
}

#[tokio::test]
async fn oauth4webapi_is_let_in_by_a_person() {
    flows_in_a_browser("flow-oauth4webapi.js").await;
}

#[tokio::test]
async fn openid_client_is_let_in_by_a_person() {
    flows_in_a_browser("flow-openid-client.js").await;
}

#[tokio::test]
async fn authlib_is_let_in() {
    let app = TestApp::shared();
    let user = app.user("interoperates").await;
    user.write("for everybody's programs").await;
    let Some((mut program, authorize)) = begin("flow_authlib.py", &app).await else {
        return;
    };
    let authorize = reqwest::Url::parse(&authorize).expect("an address");
    let request: serde_json::Map<_, _> = authorize
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    let to = allow(&user, request.into()).await;
    let answer = reqwest::Client::builder().no_proxy().build().expect("a client").get(to);
    answer.send().await.expect("the program listens");
    goes_on(&mut program, &user, BOTH).await;
}
