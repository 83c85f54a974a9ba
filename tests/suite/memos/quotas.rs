//! How much one person may keep.

use serde_json::json;

use crate::harness::{HostPlan, TestApp, store_is_atomic};

#[tokio::test]
async fn nobody_has_more_than_the_quotas_allow() {
    if !store_is_atomic() {
        return;
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("max_memos", "3").variable("max_bytes", "20").start();
    let app = TestApp::on(&host);
    let user = app.user("quota").await;
    let one = user.write("12345").await;
    let two = user.write("1234567890").await;
    let problem = user.post("/api/memos", &json!({ "text": "123456" })).await.problem(403);
    assert_eq!(problem.kind, "/problems#quota-exceeded");
    assert_eq!(
        (problem.quota.as_deref(), problem.limit, problem.used),
        (Some("bytes"), Some(20), Some(15))
    );
    let longer = json!({ "text": "12345678901" });
    user.put(&one.path(), &one.etag(), &longer).await.problem(403);
    assert_eq!(user.read(&one).await, one);
    user.write("1234").await;
    let problem = user.post("/api/memos", &json!({ "text": "1" })).await.problem(403);
    assert_eq!(
        (problem.quota.as_deref(), problem.limit, problem.used),
        (Some("memos"), Some(3), Some(3))
    );
    // The trash counts; what is gone for good does not.
    let trashed = user.trash(&two).await;
    user.post("/api/memos", &json!({ "text": "1" })).await.problem(403);
    user.delete(&trashed.path(), &trashed.etag()).await.expect_empty(204);
    user.put(&one.path(), &one.etag(), &longer).await.expect(200);
    user.write("1").await;
    app.user("neighbour").await.write("a quota of my own").await;
}
