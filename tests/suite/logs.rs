//! What the services write to stderr.

use serde_json::{Value, json};

use crate::harness::{HostPlan, PASSWORD, TestApp};

#[tokio::test]
async fn there_is_a_line_of_json_per_request_and_no_secret_in_any() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("logged").await;
    let memo = user.write("a private thought").await;
    user.edit(&memo, "a private thought, changed").await;
    let id = user
        .get("/api/memos?limit=7")
        .await
        .expect(200)
        .header("x-request-id")
        .to_owned();
    let nobody = app.anonymous();
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

    // Only then is everything printed: nobody waits for the log while the host serves.
    let (stopped, status) = host.terminate();
    assert!(status.success(), "a host that is asked to end ends well: {status}");
    check(&stopped.log(), &id, &[user.token(), &user.refresh_token]);
}

fn check(log: &str, id: &str, tokens: &[&str]) {
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
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
    for secret in secrets.iter().chain(tokens) {
        assert!(!log.contains(secret), "the log holds {secret:?}");
    }
}
