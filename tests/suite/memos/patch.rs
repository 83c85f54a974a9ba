//! `PATCH /api/memos/{id}`

use reqwest::Method;
use serde_json::json;

use crate::harness::{Memo, TestApp};

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_takes_it_away() {
    let app = TestApp::shared();
    let user = app.user("patch").await;
    let memo = user.write("one #tag").await;
    assert_eq!(
        (memo.tags.as_slice(), memo.pinned, memo.archived),
        (&["tag".to_owned()][..], false, false)
    );
    let pinned = user.change(&memo, json!({ "pinned": true, "archived": true })).await;
    assert_eq!(
        (pinned.version, &pinned.text, pinned.pinned, pinned.archived),
        (2, &memo.text, true, true)
    );
    assert_eq!(pinned.updated_at, memo.updated_at, "it is the text's time");
    assert!(user.all_memos().await.is_empty());
    assert_eq!(user.found("state=archived").await, std::slice::from_ref(&pinned));
    let merged = user
        .call(Method::PATCH, &memo.path())
        .header("if-match", &pinned.etag())
        .header("content-type", "application/merge-patch+json")
        .body(r#"{"archived": null, "text": "two #Other"}"#)
        .send()
        .await;
    let merged = Memo::of(&merged.expect(200));
    assert_eq!(
        (merged.pinned, merged.archived, merged.tags.as_slice()),
        (true, false, &["other".to_owned()][..])
    );
    assert_eq!(user.all_memos().await, [merged]);
}

#[tokio::test]
async fn a_stale_patch_is_shown_the_memo_as_it_is() {
    let app = TestApp::shared();
    let user = app.user("stale").await;
    let memo = user.write("one").await;
    user.call(Method::PATCH, &memo.path())
        .json(&json!({ "pinned": true }))
        .send()
        .await
        .problem(428);
    let current = user.edit(&memo, "two").await;
    let problem = user
        .patch(&memo.path(), &memo.etag(), &json!({ "text": "late" }))
        .await
        .problem(412);
    assert_eq!(problem.current_version, Some(2));
    assert_eq!(problem.current.as_ref().map(Memo::in_value), Some(current.clone()));
    assert_eq!(user.read(&memo).await, current);
}
