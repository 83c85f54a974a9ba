//! `POST /api/memos/maintenance`

use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, HostPlan, Response, TestApp};

async fn ask(client: &Client) -> Response {
    client.call(Method::POST, "/api/memos/maintenance").send().await
}

#[tokio::test]
async fn maintenance_is_for_whoever_knows_its_token() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("maintenance_token", "a-token-of-its-own").start();
    let app = TestApp::on(&host);
    let user = app.user("kept").await;
    let trashed = user.trash(&user.write("in the trash for thirty days").await).await;
    for stranger in [app.anonymous(), app.anonymous().with_token("another"), user.on(&app)] {
        ask(&stranger).await.problem(401);
    }
    let scheduler = app.anonymous().with_token("a-token-of-its-own");
    for _ in 0..100 {
        let swept = ask(&scheduler).await.expect(200).value();
        assert_eq!(swept["removed"], json!(0), "nothing is due today");
        if swept["more"] == false {
            break;
        }
    }
    assert_eq!(ask(&scheduler).await.value(), json!({ "removed": 0, "more": false }));
    assert_eq!(user.found("state=trashed").await, [trashed]);
    scheduler.get("/api/memos").await.problem(401);
}

#[tokio::test]
async fn without_a_token_there_is_no_maintenance() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    for client in [
        app.anonymous(),
        app.anonymous().with_token("any"),
        app.user("any").await.on(&app),
    ] {
        ask(&client).await.problem(404);
    }
}
