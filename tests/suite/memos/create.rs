//! `POST /api/memos`

use std::collections::HashSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Memo, Response, TestApp, store_is_atomic};

/// 64 KiB, the most that a memo holds.
const LIMIT: usize = 65_536;

async fn create(client: &Client, text: &str) -> Response {
    client.post("/api/memos", &json!({ "text": text })).await
}

async fn create_once(client: &Client, key: &str, body: &Value) -> Response {
    client
        .call(Method::POST, "/api/memos")
        .header("idempotency-key", key)
        .json(body)
        .send()
        .await
}

#[tokio::test]
async fn a_new_memo_is_answered_whole_with_its_location_and_etag() {
    let app = TestApp::shared();
    let user = app.user("create").await;
    let response = create(&user, "첫 메모").await.expect(201);
    let memo = Memo::of(&response);
    assert_eq!((memo.text.as_str(), memo.version), ("첫 메모", 1));
    assert_eq!(memo.created_at, memo.updated_at);
    assert_eq!(response.header("location"), memo.path());
    assert_eq!(response.header("etag"), "\"1\"");
    assert_eq!(user.read(&memo).await, memo);
}

#[tokio::test]
async fn every_text_comes_back_as_it_was() {
    let app = TestApp::shared();
    let user = app.user("texts").await;
    for text in [
        "안녕하세요, 메모입니다. 가나다 각",
        "👩‍👩‍👧‍👦 👋🏽 🇰🇷 e\u{301} \u{202e}txet",
        "NUL \0 inside, \u{1}\u{1f}\u{7f}\u{85}\u{2028}\u{feff}",
        "<script>alert('1')</script><img src=x onerror=alert(1)> &amp; \"quoted\" \\ /",
        "  kept spaces \t\r\n and lines\n\n",
        "{\"text\": \"json\"}",
        "x",
    ] {
        let memo = user.write(text).await;
        assert_eq!(memo.text, text);
        assert_eq!(user.read(&memo).await.text, text);
        assert_eq!(user.page("limit=1").await.items, [memo]);
    }
}

#[tokio::test]
async fn a_memo_of_64_kib_is_kept_and_one_byte_more_is_refused() {
    let app = TestApp::shared();
    let user = app.user("size").await;
    for text in ["a".repeat(LIMIT), "한".repeat(LIMIT / 3) + "a", "\u{1}".repeat(LIMIT)] {
        assert_eq!(text.len(), LIMIT);
        let memo = user.write(&text).await;
        assert!(user.read(&memo).await.text == text, "the text came back changed");
    }
    let before = user.all_memos().await;
    for text in ["a".repeat(LIMIT + 1), "한".repeat(LIMIT / 3 + 1)] {
        assert_eq!(create(&user, &text).await.problem(422).fields(), ["text"]);
    }
    assert!(user.all_memos().await == before);
}

#[tokio::test]
async fn a_blank_memo_is_refused() {
    let app = TestApp::shared();
    let user = app.user("blank").await;
    for text in ["", " ", "\n\t\r\n", "\u{3000}\u{a0}\u{2003}"] {
        assert_eq!(create(&user, text).await.problem(422).fields(), ["text"], "{text:?}");
    }
    assert!(user.all_memos().await.is_empty());
}

#[tokio::test]
async fn fifty_memos_written_at_once_are_fifty_memos() {
    let app = TestApp::shared();
    let user = app.user("fifty").await;
    let texts: Vec<String> = (0..50).map(|n| format!("memo {n}")).collect();
    let written = join_all(texts.iter().map(|text| user.write(text))).await;
    let ids: HashSet<&str> = written.iter().map(|memo| memo.id.as_str()).collect();
    assert_eq!(ids.len(), 50);
    let listed = user.all_memos().await;
    assert_eq!(listed.len(), 50);
    assert!(written.iter().all(|memo| listed.contains(memo)));
}

#[tokio::test]
async fn an_idempotency_key_makes_one_memo_of_two_requests() {
    let app = TestApp::shared();
    let user = app.user("retry").await;
    let body = json!({ "text": "once" });
    let first = Memo::of(&create_once(&user, "a-key-1", &body).await.expect(201));
    let again = Memo::of(&create_once(&user, "a-key-1", &body).await.expect(201));
    assert_eq!(first, again);
    let other = Memo::of(&create_once(&user, "a-key-2", &body).await.expect(201));
    assert_ne!(first.id, other.id);
    assert_eq!(user.all_memos().await, [other, first]);
}

#[tokio::test]
async fn an_idempotency_key_is_good_for_one_body_only() {
    let app = TestApp::shared();
    let user = app.user("reused").await;
    let first = Memo::of(&create_once(&user, "key", &json!({ "text": "one" })).await.expect(201));
    let problem = create_once(&user, "key", &json!({ "text": "two" })).await.problem(422);
    assert_eq!(problem.kind, "/problems#idempotency-key-reused");
    assert_eq!(user.all_memos().await, [first]);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_its_user() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let hers = Memo::of(
        &create_once(&alice, "shared", &json!({ "text": "hers" }))
            .await
            .expect(201),
    );
    let his = Memo::of(&create_once(&bob, "shared", &json!({ "text": "his" })).await.expect(201));
    assert_eq!(alice.all_memos().await, [hers]);
    assert_eq!(bob.all_memos().await, [his]);
}

#[tokio::test]
async fn ten_requests_at_once_with_one_idempotency_key_make_one_memo() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("storm").await;
    let body = json!({ "text": "once" });
    let answers = join_all((0..10).map(|_| create_once(&user, "storm", &body))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 201);
    assert!(!made.is_empty());
    for answer in refused {
        answer.problem(409);
    }
    let memos = user.all_memos().await;
    assert_eq!(memos.len(), 1, "{memos:?}");
    assert!(made.iter().all(|answer| Memo::of(answer) == memos[0]));
}

#[tokio::test]
async fn a_senseless_idempotency_key_is_refused() {
    let app = TestApp::shared();
    let user = app.user("keys").await;
    for key in ["", &"k".repeat(1000)] {
        create_once(&user, key, &json!({ "text": "no" }))
            .await
            .problem_among(&[400, 422]);
    }
    assert!(user.all_memos().await.is_empty());
}
