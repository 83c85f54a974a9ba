//! `PUT /api/memos/{id}`

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Memo, TestApp, store_is_atomic};

#[tokio::test]
async fn an_edit_makes_the_next_version() {
    let app = TestApp::shared();
    let user = app.user("edit").await;
    let first = user.write("one").await;
    let second = user.edit(&first, "둘").await;
    assert_eq!((second.version, second.text.as_str()), (2, "둘"));
    assert_eq!((&second.id, &second.created_at), (&first.id, &first.created_at));
    assert!(second.updated_at >= first.updated_at);
    let third = user.edit(&second, "three").await;
    assert_eq!(third.version, 3);
    assert_eq!(user.read(&first).await, third);
}

#[tokio::test]
async fn an_edit_must_say_which_version_it_is_meant_for() {
    let app = TestApp::shared();
    let user = app.user("blind").await;
    let memo = user.write("one").await;
    user.call(Method::PUT, &memo.path())
        .json(&json!({ "text": "two" }))
        .send()
        .await
        .problem(428);
    assert_eq!(user.read(&memo).await, memo);
}

#[tokio::test]
async fn a_stale_edit_is_refused_with_the_current_version() {
    let app = TestApp::shared();
    let user = app.user("stale").await;
    let memo = user.write("one").await;
    let current = user.edit(&memo, "two").await;
    for etag in ["\"1\"", "\"3\"", "\"0\"", "W/\"2\"", "\"18446744073709551615\""] {
        let problem = user
            .put(&memo.path(), etag, &json!({ "text": "late" }))
            .await
            .problem(412);
        assert_eq!(problem.kind, "/problems#stale-version", "{etag}");
        assert_eq!(problem.current_version, Some(2), "{etag}");
    }
    assert_eq!(user.read(&memo).await, current);
}

#[tokio::test]
async fn an_if_match_that_names_no_version_changes_nothing() {
    let app = TestApp::shared();
    let user = app.user("etags").await;
    let memo = user.write("one").await;
    for etag in ["1", "\"1", "\"one\"", "\"1 \"", ""] {
        user.put(&memo.path(), etag, &json!({ "text": "no" }))
            .await
            .problem_among(&[400, 412, 428]);
    }
    assert_eq!(user.read(&memo).await, memo);
}

#[tokio::test]
async fn entity_tags_are_compared_as_text_not_as_numbers() {
    let app = TestApp::shared();
    let user = app.user("digits").await;
    let memo = user.write("one").await;
    for etag in ["\"01\"", "\"+1\""] {
        user.put(&memo.path(), etag, &json!({ "text": "no" }))
            .await
            .problem(412);
    }
    assert_eq!(user.read(&memo).await, memo);
}

#[tokio::test]
async fn of_twenty_edits_of_one_version_at_once_exactly_one_wins() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("race").await;
    let mut current = user.write("start").await;
    for _ in 0..3 {
        let texts: Vec<_> = (0..20)
            .map(|n| json!({ "text": format!("writer {n} of {}", current.version) }))
            .collect();
        let (path, etag) = (current.path(), current.etag());
        let answers = join_all(texts.iter().map(|text| user.put(&path, &etag, text))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .zip(&texts)
            .partition(|(answer, _)| answer.status() == 200);
        assert!(won.len() <= 1, "{won:?}");
        for (answer, _) in lost {
            answer.problem_among(&[409, 412]);
        }
        let now = user.read(&current).await;
        match won.first() {
            Some((answer, text)) => assert_eq!((&Memo::of(answer), &text["text"]), (&now, &now.text.as_str().into())),
            None => assert_eq!(now, current),
        }
        current = now;
    }
    // Claims are cut into windows of time; at the edge of one, all may back off. Three races meet one edge at most.
    assert!(
        current.version >= 3,
        "three races moved the memo to version {} only",
        current.version
    );
}

#[tokio::test]
async fn another_users_memo_is_not_found() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let memo = alice.write("hers").await;
    bob.put(&memo.path(), &memo.etag(), &json!({ "text": "his" }))
        .await
        .problem(404);
    app.anonymous()
        .put(&memo.path(), &memo.etag(), &json!({ "text": "nobody's" }))
        .await
        .problem(401);
    assert_eq!(alice.read(&memo).await, memo);
}

#[tokio::test]
async fn a_memo_that_is_not_there_is_not_made() {
    let app = TestApp::shared();
    let user = app.user("upsert").await;
    user.put("/api/memos/1", "\"1\"", &json!({ "text": "made" }))
        .await
        .problem(404);
    user.put("/api/memos/1", "\"0\"", &json!({ "text": "made" }))
        .await
        .problem(404);
    assert!(user.all_memos().await.is_empty());
}

#[tokio::test]
async fn an_edit_keeps_the_rules_for_texts() {
    let app = TestApp::shared();
    let user = app.user("rules").await;
    let memo = user.write("one").await;
    for text in ["", " \n\u{3000}", &"a".repeat(65_537)] {
        let problem = user
            .put(&memo.path(), &memo.etag(), &json!({ "text": text }))
            .await
            .problem(422);
        assert_eq!(problem.fields(), ["text"]);
    }
    assert_eq!(user.read(&memo).await, memo);
    let full = "a".repeat(65_536);
    assert!(user.edit(&memo, &full).await.text == full);
}
