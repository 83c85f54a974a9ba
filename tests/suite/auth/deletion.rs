//! `DELETE /api/auth/me` and `POST /api/auth/maintenance`: the end of an account, in both services

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::harness::{Client, HostPlan, PASSWORD, Response, SEED, TestApp, unique};

/// How long the memo service may take to learn that a session has ended, and some.
const PATIENCE: Duration = Duration::from_secs(60);

async fn delete(client: &Client, password: &str) -> Response {
    let body = json!({ "password": password });
    client.call(Method::DELETE, "/api/auth/me").json(&body).send().await
}

/// Waits until the memo service has heard that the session has ended. Until then there is nothing to be found, and nothing can be
/// created.
async fn is_shut_out(client: &Client, is_atomic: bool) {
    let end = Instant::now() + PATIENCE;
    loop {
        let list = client.get("/api/memos?state=all").await;
        if list.status() == 401 {
            return;
        }
        assert_eq!(list.expect(200).value()["items"], json!([]));
        if is_atomic {
            client
                .post("/api/memos", &json!({ "text": "too late" }))
                .await
                .problem(401);
        }
        assert!(Instant::now() < end, "the memo service is never told");
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn an_account_goes_with_all_memos() {
    let app = TestApp::shared();
    let name = unique("leaves");
    let (user, other) = (app.user(&name).await, app.user(&unique("stays")).await);
    let memo = user.write("a memo #tag").await;
    let edited = user.edit(&memo, "the same memo, with quite another text #other").await;
    user.trash(&edited).await;
    user.write("another memo").await;
    let kept = other.write("somebody else's").await;
    delete(&user, "wrong password").await.problem(422);
    user.get("/api/auth/me").await.expect(200);
    delete(&user, PASSWORD).await.expect_empty(204);
    user.get("/api/auth/me").await.problem(401);
    delete(&user, PASSWORD).await.problem(401);
    let credentials = json!({ "username": user.username, "password": PASSWORD });
    let nobody = app.anonymous();
    let refused = nobody.post("/api/auth/session", &credentials).await.problem(401);
    assert_eq!(refused.slug(), "wrong-credentials");
    let taken = nobody.post("/api/auth/users", &credentials).await.problem(409);
    assert_eq!(taken.slug(), "username-taken");
    is_shut_out(&user, crate::harness::store_is_atomic()).await;
    assert_eq!(other.all_memos().await, [kept]);
}

#[tokio::test]
async fn more_memos_than_one_step_removes_go_in_one_request() {
    let app = TestApp::shared();
    let user = app.user(&unique("prolific")).await;
    for batch in 0..11 {
        let text = |number: usize| json!({ "method": "POST", "body": { "text": format!("memo {batch}.{number}") } });
        let operations: Vec<_> = (0..100).map(text).collect();
        let done = user
            .post("/api/memos/batch", &json!({ "operations": operations }))
            .await;
        done.expect(200);
    }
    delete(&user, PASSWORD).await.expect_empty(204);
    is_shut_out(&user, crate::harness::store_is_atomic()).await;
}

/// The issuer alone, then both: the same request goes on, or a sign-in does.
#[tokio::test]
async fn what_the_memo_service_was_away_for_is_finished_when_it_is_back() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let users = [app.user("ann").await, app.user("bob").await];
    for user in &users {
        user.write("a memo").await;
    }
    let nobody = "http://127.0.0.1:9";
    let alone = |plan: HostPlan| plan.component("auth").component("site").variable("memo_origin", nobody);
    let host = host.kill().with(alone).start();
    let app = TestApp::on(&host);
    for user in &users {
        let away = delete(&user.on(&app), PASSWORD).await;
        assert_eq!(away.header("retry-after"), "1");
        away.problem(503);
        let credentials = json!({ "username": user.username, "password": PASSWORD });
        let refused = app
            .anonymous()
            .post("/api/auth/session", &credentials)
            .await
            .problem(403);
        assert_eq!(refused.slug(), "account-deleted");
    }
    let host = host.kill().with(HostPlan::plain).start();
    let app = TestApp::on(&host);
    delete(&users[0].on(&app), PASSWORD).await.expect_empty(204);
    let credentials = json!({ "username": users[1].username, "password": PASSWORD });
    app.anonymous()
        .post("/api/auth/session", &credentials)
        .await
        .problem(403);
    for user in &users {
        let credentials = json!({ "username": user.username, "password": PASSWORD });
        app.anonymous()
            .post("/api/auth/session", &credentials)
            .await
            .problem(401);
        is_shut_out(&user.on(&app), crate::harness::store_is_atomic()).await;
    }
}

/// Both services are apps of their own here, and meet over HTTP as they do in a cluster. One key for both, so that the tokens of
/// one are known where the memos are.
#[tokio::test]
async fn an_issuer_that_is_another_app_has_the_memos_removed() {
    let plan = || Some(HostPlan::fresh()?.variable("signing_key", SEED));
    let (Some(memos), Some(issuer)) = (plan(), plan()) else {
        return;
    };
    let memos = memos.start();
    let issuer = issuer
        .component("auth")
        .variable("memo_origin", &memos.base_url())
        .start();
    let user = TestApp::on(&issuer).user("ann").await;
    let elsewhere = user.on(&TestApp::on(&memos));
    elsewhere
        .post("/api/memos", &json!({ "text": "a memo" }))
        .await
        .expect(201);
    delete(&user, PASSWORD).await.expect_empty(204);
    let left = elsewhere.get("/api/memos?state=all").await.expect(200).value();
    assert_eq!(left["items"], json!([]));
}

#[tokio::test]
async fn a_scheduler_asks_for_maintenance_by_a_token() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("maintenance_token", "a-token-of-its-own").start();
    let app = TestApp::on(&host);
    let path = "/api/auth/maintenance";
    app.anonymous().post(path, &json!({})).await.problem(401);
    let scheduler = app.anonymous().with_token("a-token-of-its-own");
    loop {
        let done = scheduler.post(path, &json!({})).await.expect(200).value();
        if done["more"] == json!(false) {
            break;
        }
    }
}
