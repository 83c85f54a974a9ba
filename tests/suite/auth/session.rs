//! `POST` and `DELETE /api/auth/session`, `POST /api/auth/session/refresh`

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, HostPlan, PASSWORD, Response, TestApp, User};

const SESSION: &str = "/api/auth/session";
const REFRESH: &str = "/api/auth/session/refresh";

fn credentials(user: &User) -> Value {
    json!({ "username": user.username, "password": PASSWORD })
}

/// The `name=value` of the only cookie that is set, and its attributes in lower case.
#[track_caller]
fn cookie(response: &Response) -> (String, Vec<String>) {
    let mut parts = response.header("set-cookie").split(';').map(str::trim);
    let pair = parts.next().unwrap_or_default().to_owned();
    (pair, parts.map(str::to_lowercase).collect())
}

async fn refresh_with(client: &Client, cookie: &str) -> Response {
    client.call(Method::POST, REFRESH).header("cookie", cookie).send().await
}

#[tokio::test]
async fn signing_in_keeps_the_refresh_token_from_scripts() {
    let app = TestApp::shared();
    let user = app.user("cookie").await;
    let response = app.anonymous().post(SESSION, &credentials(&user)).await.expect(200);
    let fields = response.fields();
    assert_eq!(fields, ["access_token", "expires_in", "scope", "token_type", "user"]);
    let body = response.value();
    assert_eq!(body["user"], json!({ "id": user.id, "username": user.username }));
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&json!("Bearer"), &json!(600))
    );

    let (pair, attributes) = cookie(&response);
    let (_, secret) = pair.split_once('=').expect("a cookie has a value");
    assert!(!secret.is_empty() && !response.text().contains(secret));
    for attribute in ["httponly", "samesite=strict", "path=/api/auth/session"] {
        assert!(
            attributes.iter().any(|given| given == attribute),
            "no {attribute}: {attributes:?}"
        );
    }
}

#[tokio::test]
async fn the_cookie_is_secure_everywhere_but_on_the_loopback() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("secure").await;
    let port = app.base_url().rsplit(':').next().unwrap_or_default().to_owned();
    for (name, secure) in [
        (format!("127.0.0.1:{port}"), false),
        (format!("localhost:{port}"), false),
        ("memo.example".to_owned(), true),
        ("localhost.memo.example".to_owned(), true),
    ] {
        let call = app.anonymous().call(Method::POST, SESSION).header("host", &name);
        let (_, attributes) = cookie(&call.json(&credentials(&user)).send().await.expect(200));
        assert_eq!(
            attributes.iter().any(|given| given == "secure"),
            secure,
            "{name}: {attributes:?}"
        );
    }
}

#[tokio::test]
async fn where_the_app_is_reached_by_https_the_cookie_is_the_hosts_own_whatever_a_proxy_makes_of_the_host() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("public_origin", "https://memo.example").start();
    let app = TestApp::on(&host);
    let user = app.user("proxied").await;
    let nobody = app.anonymous();
    let response = nobody.post(SESSION, &credentials(&user)).await.expect(200);
    let (pair, attributes) = cookie(&response);
    assert!(pair.starts_with("__Host-"), "{pair}");
    for attribute in ["secure", "path=/", "httponly", "samesite=strict"] {
        assert!(
            attributes.iter().any(|given| given == attribute),
            "no {attribute}: {attributes:?}"
        );
    }
    assert!(response.header("strict-transport-security").starts_with("max-age="));
    // What a sibling host planted under the plain name is not looked at, and of two of the right name none is believed.
    let planted = pair.replace("__Host-", "");
    refresh_with(&nobody, &planted).await.expect_empty(204);
    refresh_with(&nobody, &format!("{pair}x; {pair}")).await.problem(401);
    refresh_with(&nobody, &pair).await.expect(200);
}

#[tokio::test]
async fn guesses_are_put_off_and_told_for_how_long() {
    let app = TestApp::shared();
    let user = app.user("guessed").await;
    let guess = json!({ "username": user.username, "password": "not the password" });
    let nobody = app.anonymous();
    let mut answers = Vec::new();
    // Ten are let in; the clock may begin a new count once while they are made.
    for _ in 0..21 {
        answers.push(nobody.post(SESSION, &guess).await);
    }
    let put_off = answers.pop().expect("there are some");
    assert!(answers.iter().take(10).all(|answer| answer.status() == 401));
    let seconds: u64 = put_off.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&seconds), "{seconds}");
    assert_eq!(put_off.problem(429).kind, "/problems#too-many-requests");
    // Nobody else has to wait.
    app.user("bystander").await;
}

#[tokio::test]
async fn a_wrong_name_or_password_is_401_and_sets_no_cookie() {
    let app = TestApp::shared();
    let user = app.user("wrong").await;
    for body in [
        json!({ "username": user.username, "password": "not the password" }),
        json!({ "username": "nobody-of-this-name", "password": PASSWORD }),
        json!({ "username": "", "password": "" }),
    ] {
        let response = app.anonymous().post(SESSION, &body).await;
        assert_eq!(response.find("set-cookie"), None);
        response.problem(401);
    }
}

#[tokio::test]
async fn a_browser_stays_signed_in_through_its_cookie() {
    let app = TestApp::shared();
    let user = app.user("browser").await;
    let browser = app.with_cookies();
    browser.post(SESSION, &credentials(&user)).await.expect(200);
    for _ in 0..3 {
        let body = browser.call(Method::POST, REFRESH).send().await.expect(200).value();
        assert_eq!(body["user"]["username"], user.username.as_str());
        assert!(body.get("refresh_token").is_none());
        browser
            .with_token(body["access_token"].as_str().unwrap())
            .get("/api/memos")
            .await
            .expect(200);
    }
    browser.call(Method::DELETE, SESSION).send().await.expect_empty(204);
    // There is no cookie any more, as on a first visit: no session, and no error.
    browser.call(Method::POST, REFRESH).send().await.expect_empty(204);
}

#[tokio::test]
async fn refreshing_rotates_the_cookie_and_an_older_one_ends_the_session() {
    let app = TestApp::shared();
    let user = app.user("rotate").await;
    let nobody = app.anonymous();
    let (first, attributes) = cookie(&nobody.post(SESSION, &credentials(&user)).await.expect(200));
    let response = refresh_with(&nobody, &first).await.expect(200);
    let (second, again) = cookie(&response);
    assert_ne!(first, second);
    assert_eq!(attributes, again);
    refresh_with(&nobody, &first).await.expect(200); // A second tab that was late.
    let (third, _) = cookie(&refresh_with(&nobody, &second).await.expect(200));
    refresh_with(&nobody, &first).await.problem(401);
    refresh_with(&nobody, &third).await.problem(401);
}

#[tokio::test]
async fn without_a_good_cookie_there_is_nothing_to_refresh() {
    let app = TestApp::shared();
    let user = app.user("none").await;
    let nobody = app.anonymous();
    nobody.call(Method::POST, REFRESH).send().await.expect_empty(204);
    let (pair, _) = cookie(&nobody.post(SESSION, &credentials(&user)).await.expect(200));
    let (name, value) = pair.split_once('=').unwrap();
    for bad in ["", "x", "%00", &value[1..], &"A".repeat(4000), user.token()] {
        refresh_with(&nobody, &format!("{name}={bad}")).await.problem(401);
    }
    refresh_with(&nobody, &format!("theme=dark; {pair}; lang=ko"))
        .await
        .expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_clears_the_cookie() {
    let app = TestApp::shared();
    let user = app.user("leave").await;
    let nobody = app.anonymous();
    let (pair, _) = cookie(&nobody.post(SESSION, &credentials(&user)).await.expect(200));
    let left = nobody
        .call(Method::DELETE, SESSION)
        .header("cookie", &pair)
        .send()
        .await
        .expect_empty(204);
    let (cleared, attributes) = cookie(&left);
    assert!(cleared.ends_with('='), "{cleared}");
    assert!(attributes.iter().any(|given| given == "max-age=0"), "{attributes:?}");
    assert!(
        attributes.iter().any(|given| given == "path=/api/auth/session"),
        "{attributes:?}"
    );
    refresh_with(&nobody, &pair).await.problem(401);
    // Signing out twice, or without having signed in, is no mistake.
    nobody
        .call(Method::DELETE, SESSION)
        .header("cookie", &pair)
        .send()
        .await
        .expect_empty(204);
    nobody.call(Method::DELETE, SESSION).send().await.expect_empty(204);
}

#[tokio::test]
async fn signing_out_leaves_other_sessions_alone() {
    let app = TestApp::shared();
    let user = app.user("two").await;
    let (here, there) = (app.with_cookies(), app.with_cookies());
    here.post(SESSION, &credentials(&user)).await.expect(200);
    there.post(SESSION, &credentials(&user)).await.expect(200);
    here.call(Method::DELETE, SESSION).send().await.expect(204);
    there.call(Method::POST, REFRESH).send().await.expect(200);
}
