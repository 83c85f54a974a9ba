//! How much one person may keep.

use serde_json::json;

use crate::harness::{HostPlan, Memo, TestApp, store_is_atomic};

#[tokio::test]
async fn nobody_has_more_than_the_quotas_allow() {
    if !store_is_atomic() {
        return;
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("max_memos", "3").variable("max_bytes", "20480").start();
    let app = TestApp::on(&host);
    let user = app.user("quota").await;
    let kib = |count: usize| json!({ "text": "x".repeat(count * 1024) });
    let one = user.write("counts for one KiB").await;
    let two = Memo::of(&user.post("/api/memos", &kib(14)).await.expect(201));
    let problem = user.post("/api/memos", &kib(6)).await.problem(403);
    assert_eq!(problem.kind, "/problems#quota-exceeded");
    let told = (problem.quota.as_deref(), problem.limit, problem.used);
    assert_eq!(told, (Some("bytes"), Some(20 * 1024), Some(15 * 1024)));
    user.put(&one.path(), &one.etag(), &kib(7)).await.problem(403);
    assert_eq!(user.read(&one).await, one);
    user.post("/api/memos", &kib(5)).await.expect(201);
    let problem = user.post("/api/memos", &kib(1)).await.problem(403);
    assert_eq!(
        (problem.quota.as_deref(), problem.limit, problem.used),
        (Some("memos"), Some(3), Some(3))
    );
    // The trash counts; what is gone for good does not.
    let trashed = user.trash(&two).await;
    user.post("/api/memos", &kib(1)).await.problem(403);
    user.delete(&trashed.path(), &trashed.etag()).await.expect_empty(204);
    user.put(&one.path(), &one.etag(), &kib(14)).await.expect(200);
    user.write("and there is room for one more").await;
    app.user("neighbour").await.write("a quota of my own").await;
}
