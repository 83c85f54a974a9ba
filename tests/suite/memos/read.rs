//! `GET /api/memos/{id}`

use reqwest::Method;

use crate::harness::{Client, Memo, Response, TestApp};

async fn read_unless(client: &Client, memo: &Memo, if_none_match: &str) -> Response {
    client
        .call(Method::GET, &memo.path())
        .header("if-none-match", if_none_match)
        .send()
        .await
}

#[tokio::test]
async fn a_memo_that_the_reader_has_already_is_not_sent_again() {
    let app = TestApp::shared();
    let user = app.user("etag").await;
    let memo = user.write("one").await;
    for held in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        let response = read_unless(&user, &memo, held).await.expect_empty(304);
        assert_eq!(response.header("etag"), "\"1\"", "{held}");
    }
    for other in ["\"2\"", "\"\"", "1", "nonsense"] {
        read_unless(&user, &memo, other).await.expect(200);
    }
    let memo = user.edit(&memo, "two").await;
    assert_eq!(Memo::of(&read_unless(&user, &memo, "\"1\"").await.expect(200)), memo);
    read_unless(&user, &memo, "\"2\"").await.expect_empty(304);
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let app = TestApp::shared();
    let user = app.user("head").await;
    let memo = user.write("one").await;
    let response = user.call(Method::HEAD, &memo.path()).send().await.expect_empty(200);
    assert_eq!(response.header("etag"), "\"1\"");
}

#[tokio::test]
async fn another_users_memo_is_not_found() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let memo = alice.write("private").await;
    let theirs = bob.get(&memo.path()).await;
    let missing = bob.get("/api/memos/999999").await;
    assert_eq!(theirs.text(), missing.text(), "the answers tell them apart");
    theirs.problem(404);
    missing.problem(404);
    // Nor does knowing the version help.
    read_unless(&bob, &memo, "\"1\"").await.problem(404);
}

#[tokio::test]
async fn without_a_token_no_memo_is_shown() {
    let app = TestApp::shared();
    let memo = app.user("alice").await.write("private").await;
    app.anonymous().get(&memo.path()).await.problem(401);
    read_unless(&app.anonymous(), &memo, "\"1\"").await.problem(401);
}

#[tokio::test]
async fn what_is_no_id_is_not_found() {
    let app = TestApp::shared();
    let user = app.user("ids").await;
    let memo = user.write("the only one").await;
    let padded = format!("0{}", memo.id);
    let aimed = format!("..%2F{}%2F{}", user.id, memo.id);
    let huge = "1".repeat(3000);
    for id in [
        "0",
        "-1",
        "+1",
        "1.0",
        "1e0",
        "0x1",
        "%31%00",
        "%20",
        "%F0%9F%94%91",
        "seq",
        "18446744073709551616",
        &padded,
        &aimed,
        &huge,
    ] {
        user.get(&format!("/api/memos/{id}")).await.problem(404);
    }
}
