//! The memo service outlives the token issuer.

use crate::harness::{HostPlan, TestApp};

#[tokio::test]
async fn with_the_issuer_away_people_with_tokens_go_on() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("alice").await;
    let memo = user.write("before").await;

    // Where the issuer was, nobody listens: port 9 discards what it is sent, where it is open at all.
    let nobody = "http://127.0.0.1:9";
    let alone = |plan: HostPlan| plan.component("memo").component("site").variable("jwks_origin", nobody);
    let host = host.kill().with(alone).start();
    let app = TestApp::on(&host);
    let alone = user.on(&app);
    let edited = alone.edit(&memo, "without the issuer").await;
    let new = alone.write("also new").await;
    assert_eq!(alone.all_memos().await, [new.clone(), edited.clone()]);
    // There is nobody to sign in with, which breaks nothing else.
    app.anonymous().get("/api/auth/me").await.problem(404);
    app.anonymous().get("/").await.expect(200);
    app.anonymous().get("/api/memos").await.problem(401);

    let host = host.kill().with(HostPlan::plain).start();
    let user = user.sign_in_again(&TestApp::on(&host)).await;
    assert_eq!(user.all_memos().await, [new, edited]);
}

#[tokio::test]
async fn with_the_memo_service_away_people_can_still_sign_in() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan
        .component("auth")
        .variable("memo_origin", "http://127.0.0.1:9")
        .start();
    let user = TestApp::on(&host).user("bob").await;
    user.get("/api/auth/me").await.expect(200);
}
