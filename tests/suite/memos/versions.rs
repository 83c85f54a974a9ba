//! `/api/memos/{id}/versions`

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Client, Memo, TestApp, is_time};

/// The versions and texts that a memo had, newest first.
async fn versions(client: &Client, memo: &Memo) -> Vec<(u64, String)> {
    let answer = client
        .get(&format!("{}/versions", memo.path()))
        .await
        .expect(200)
        .value();
    let items = answer["items"].as_array().expect("a list");
    let version = |item: &Value| {
        assert!(is_time(item["written_at"].as_str().unwrap_or_default()), "{item}");
        (
            item["version"].as_u64().unwrap_or_default(),
            item["text"].as_str().unwrap_or_default().to_owned(),
        )
    };
    items.iter().map(version).collect()
}

#[tokio::test]
async fn a_text_that_was_replaced_comes_back() {
    let app = TestApp::shared();
    let user = app.user("versions").await;
    let first = user.write("a text that is about to be replaced").await;
    assert!(versions(&user, &first).await.is_empty());
    let second = user.edit(&first, "by another one").await;
    let third = user.edit(&second, "and by a third").await;
    let kept = [(2, second.text.clone()), (1, first.text.clone())];
    assert_eq!(versions(&user, &first).await, kept);
    let one = user
        .get(&format!("{}/versions/1", first.path()))
        .await
        .expect(200)
        .value();
    assert_eq!(one["text"], first.text);
    for missing in ["0", "4", "x"] {
        user.get(&format!("{}/versions/{missing}", first.path()))
            .await
            .problem(404);
    }
    let path = format!("{}/versions/1/restore", first.path());
    let restore = |etag: &str| user.call(Method::POST, &path).header("if-match", etag).send();
    restore(&second.etag()).await.problem(412);
    let back = Memo::of(&restore(&third.etag()).await.expect(200));
    assert_eq!((back.version, &back.text), (4, &first.text));
    assert_eq!(versions(&user, &first).await[0], (3, third.text));
    let stranger = app.user("stranger").await;
    stranger.get(&format!("{}/versions", first.path())).await.problem(404);
    stranger.call(Method::POST, &path).send().await.problem(404);
}

#[tokio::test]
async fn versions_that_autosave_makes_are_folded_into_one() {
    let app = TestApp::shared();
    let user = app.user("autosave").await;
    let mut memo = user.write("Dear diary").await;
    for word in [", today", " I", " wrote", " a", " memo", "."] {
        memo = user.edit(&memo, &format!("{}{word}", memo.text)).await;
    }
    assert_eq!(memo.version, 7);
    assert!(versions(&user, &memo).await.is_empty());
    memo = user.edit(&memo, "Dear").await;
    assert_eq!(
        versions(&user, &memo).await,
        [(7, "Dear diary, today I wrote a memo.".to_owned())]
    );
}
