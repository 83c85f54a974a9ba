//! What the services write to stderr.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{HostPlan, PASSWORD, TestApp};

#[tokio::test]
async fn there_is_one_line_of_json_per_request_and_no_secret_or_name_in_any() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("logged").await;
    // Signing up took two requests.
    let mut requests = 2;
    let memo = user.write("a private thought").await;
    user.edit(&memo, "a private thought, changed").await;
    let id = user
        .get("/api/memos?limit=7")
        .await
        .expect(200)
        .header("x-request-id")
        .to_owned();
    let nobody = app.anonymous();
    let browser = app.with_cookies();
    let credentials = json!({ "username": user.username, "password": PASSWORD });
    let signed_in = browser.post("/api/auth/session", &credentials).await.expect(200);
    let cookie = signed_in
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let secret = cookie.split_once('=').expect("a cookie has a value").1.to_owned();
    browser
        .call(Method::POST, "/api/auth/session/refresh")
        .send()
        .await
        .expect(200);
    nobody.refresh(&user.cookie).await.expect(200);
    user.get(&memo.path()).await.expect(200);
    browser
        .call(Method::DELETE, "/api/auth/session")
        .send()
        .await
        .expect_empty(204);
    requests += 3 + 4 + 1;
    nobody.get("/api/auth/me?access_token=leaked").await.problem(401);
    nobody.with_token("a-bad-token").get("/api/memos").await.problem(401);
    nobody
        .post(
            "/api/auth/session",
            &json!({ "username": user.username, "password": "wrong password" }),
        )
        .await
        .problem(401);
    nobody
        .post(
            "/api/auth/session",
            &json!({ "username": user.username, "password": 12345678 }),
        )
        .await
        .problem(422);
    requests += 4;

    // Only then is everything printed: nobody waits for the log while the host serves.
    let (stopped, status) = host.terminate();
    assert!(status.success(), "a host that is asked to end ends well: {status}");
    let refresh_token = user.cookie.split_once('=').expect("a cookie has a value").1;
    let secrets = [user.token(), refresh_token, &secret, &user.username, &memo.path()];
    check(&stopped.log(), &id, &secrets, requests);
}

fn count(lines: &[Value], is_one: impl Fn(&Value) -> bool) -> usize {
    lines.iter().filter(|line| is_one(line)).count()
}

/// What matters for security has a line more: who, from where, with which outcome.
fn check_events(lines: &[Value]) {
    let of = |event: &str, outcome: &str| {
        count(lines, |line| {
            let is_it = line["event"] == event && line["outcome"] == outcome;
            assert!(!is_it || line["client_address"] == "127.0.0.1", "{line}");
            is_it
        })
    };
    assert_eq!(of("registration", "success"), 1);
    assert_eq!(of("sign-in", "success"), 2);
    assert_eq!(of("sign-in", "failure"), 1);
    assert_eq!(of("session-end", "success"), 1);
    let ids: Vec<&Value> = lines
        .iter()
        .filter(|line| !line["event"].is_null())
        .map(|line| &line["user_id"])
        .collect();
    assert!(ids.iter().all(|id| id.is_string() && *id == ids[0]), "{ids:?}");
}

fn check(log: &str, id: &str, private: &[&str], requests: usize) {
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    // The memo service asks the issuer for its keys once, and now and then for the sessions that have ended: those are
    // requests of their own.
    let (asked, events) = (
        count(&lines, |line| {
            line["route"] == "/.well-known/jwks.json" || line["route"] == "/api/auth/revocations"
        }),
        count(&lines, |line| !line["event"].is_null()),
    );
    assert_eq!(lines.len() - asked - events, requests, "one line a request:\n{log}");
    check_events(&lines);
    let line = lines
        .iter()
        .find(|line| line["request_id"] == id)
        .unwrap_or_else(|| panic!("no {id} in:\n{log}"));
    for field in ["time", "level", "component", "method", "route", "status", "duration_ms"] {
        assert!(!line[field].is_null(), "no {field}: {line}");
    }
    assert_eq!(
        (&line["component"], &line["method"], &line["status"]),
        (&json!("memo"), &json!("GET"), &json!(200))
    );
    let secrets = [
        PASSWORD,
        "wrong password",
        "12345678",
        "private thought",
        "leaked",
        "a-bad-token",
        "limit=7",
    ];
    for secret in secrets.iter().chain(private) {
        assert!(!log.contains(secret), "the log holds {secret:?}");
    }
}
