//! `GET` and `DELETE /api/auth/sessions`, `DELETE /api/auth/sessions/{id}`, `GET /api/auth/revocations`

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::harness::{Client, PASSWORD, TestApp, User, is_time, store_is_atomic};

const SESSIONS: &str = "/api/auth/sessions";

/// A signed-out token has to be refused by the memo service within 30 seconds; machines may be slow.
const PATIENCE: Duration = Duration::from_secs(120);

async fn sessions(client: &Client) -> Vec<Value> {
    let body = client.get(SESSIONS).await.expect(200).value();
    body["items"].as_array().expect("a list").clone()
}

async fn refresh(user: &User) -> u16 {
    user.refresh(&user.cookie).await.status()
}

/// Waits until the memo service refuses the token.
async fn is_refused_soon(client: &Client) {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = client.get("/api/memos?limit=1").await;
        if answer.status() != 200 {
            let challenge = answer.header("www-authenticate").to_owned();
            assert!(challenge.contains("invalid_token"), "{challenge}");
            answer.problem(401);
            return;
        }
        assert!(Instant::now() < end, "a token outlives its session");
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn the_list_shows_each_session_and_which_one_asks() {
    let app = TestApp::shared();
    let user = app.user("listed").await;
    let credentials = json!({ "username": user.username, "password": PASSWORD });
    let call = app.anonymous().call(Method::POST, "/api/auth/session");
    let call = call.header("user-agent", &format!("Mozilla/5.0 {}", "x".repeat(400)));
    call.json(&credentials).send().await.expect(200);
    let items = sessions(&user).await;
    let shown: Vec<Value> = items
        .iter()
        .map(|item| {
            assert!(item["created_at"].as_str().is_some_and(is_time), "{item}");
            assert!(item["last_used_at"].as_str().is_some_and(is_time), "{item}");
            json!([item["client_id"], item["current"]])
        })
        .collect();
    assert_eq!(shown, [json!(["memo-web", false]), json!(["memo-web", true])]);
    let agent = items[0]["user_agent"].as_str().expect("a browser says what it is");
    assert!(agent.starts_with("Mozilla/5.0 xxx") && agent.len() == 200, "{agent}");
    app.anonymous().get(SESSIONS).await.problem(401);
}

#[tokio::test]
async fn a_session_that_is_ended_elsewhere_is_over_here_at_once_and_for_memos_soon() {
    let app = TestApp::shared();
    let here = app.user("ended").await;
    let there = here.sign_in_again(&app).await;
    there.write("before").await;
    let ids: Vec<String> = sessions(&here)
        .await
        .iter()
        .filter(|item| item["current"] == false)
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect();
    let [id] = ids.as_slice() else { panic!("{ids:?}") };
    let path = format!("{SESSIONS}/{id}");
    let stranger = app.user("stranger").await;
    stranger.call(Method::DELETE, &path).send().await.problem(404);
    here.call(Method::DELETE, &path).send().await.expect_empty(204);
    there.get("/api/auth/me").await.problem(401);
    assert_eq!(refresh(&there).await, 401);
    is_refused_soon(&there).await;
    let answer = app.anonymous().get("/api/auth/revocations").await.expect(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=15");
    let list = answer.value();
    assert!(list["generated_at"].as_str().is_some_and(is_time), "{list}");
    assert!(!answer.text().contains(id), "{list}");
    here.get("/api/memos").await.expect(200);
    assert_eq!(refresh(&here).await, 200);
    here.call(Method::DELETE, &path).send().await.problem(404);
}

#[tokio::test]
async fn all_other_sessions_end_together_and_streams_with_them() {
    let app = TestApp::shared();
    let here = app.user("others").await;
    let others = [here.sign_in_again(&app).await, here.sign_in_again(&app).await];
    let stream = if store_is_atomic() {
        let stream = others[0].call(Method::GET, "/api/memos/events").listen().await;
        Some(stream.unwrap_or_else(|refused| panic!("{refused:?}")))
    } else {
        None
    };
    here.call(Method::DELETE, SESSIONS).send().await.expect_empty(204);
    for other in &others {
        other.get("/api/auth/me").await.problem(401);
        assert_eq!(refresh(other).await, 401);
    }
    assert_eq!(sessions(&here).await.len(), 1);
    if let Some(mut stream) = stream {
        let end = Instant::now() + PATIENCE;
        while stream.next().await.is_some() {
            assert!(Instant::now() < end, "a stream outlives its session");
        }
    }
    is_refused_soon(&others[1]).await;
    assert_eq!(refresh(&here).await, 200);
}

#[tokio::test]
async fn who_signs_out_is_signed_out_of_the_memos_too() {
    let app = TestApp::shared();
    let user = app.user("leaves").await;
    let browser = app.with_cookies();
    let credentials = json!({ "username": user.username, "password": PASSWORD });
    let body = browser
        .post("/api/auth/session", &credentials)
        .await
        .expect(200)
        .value();
    let tab = app
        .anonymous()
        .with_token(body["access_token"].as_str().expect("a token"));
    tab.get("/api/memos").await.expect(200);
    browser
        .call(Method::DELETE, "/api/auth/session")
        .send()
        .await
        .expect_empty(204);
    tab.get("/api/auth/me").await.problem(401);
    is_refused_soon(&tab).await;
    user.get("/api/memos").await.expect(200);
}

#[tokio::test]
async fn a_sign_in_takes_the_place_of_the_session_that_the_browser_had() {
    let app = TestApp::shared();
    let user = app.user("again").await;
    let browser = app.with_cookies();
    let credentials = json!({ "username": user.username, "password": PASSWORD });
    let first = browser
        .post("/api/auth/session", &credentials)
        .await
        .expect(200)
        .value();
    browser.post("/api/auth/session", &credentials).await.expect(200);
    let first = app
        .anonymous()
        .with_token(first["access_token"].as_str().expect("a token"));
    first.get("/api/auth/me").await.problem(401);
    // The program's, and the browser's second one.
    assert_eq!(sessions(&user).await.len(), 2);
    browser
        .call(Method::POST, "/api/auth/session/refresh")
        .send()
        .await
        .expect(200);
}
