//! `DELETE /api/memos/{id}`

use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::json;

use crate::harness::{TestApp, store_is_atomic};

#[tokio::test]
async fn a_memo_that_is_deleted_twice_is_gone() {
    let app = TestApp::shared();
    let user = app.user("delete").await;
    let (kept, gone) = (user.write("kept").await, user.write("gone").await);
    user.remove(&gone).await;
    user.get(&gone.path()).await.problem(404);
    user.put(&gone.path(), &gone.etag(), &json!({ "text": "back" }))
        .await
        .problem(404);
    user.delete(&gone.path(), &gone.etag()).await.problem(404);
    assert_eq!(user.all_memos().await, [kept]);
}

#[tokio::test]
async fn its_id_is_not_given_again() {
    let app = TestApp::shared();
    let user = app.user("ids").await;
    let gone = user.write("gone").await;
    user.remove(&gone).await;
    assert_ne!(user.write("new").await.id, gone.id);
}

#[tokio::test]
async fn deleting_must_say_which_version_it_is_meant_for() {
    let app = TestApp::shared();
    let user = app.user("blind").await;
    let memo = user.write("one").await;
    user.call(Method::DELETE, &memo.path()).send().await.problem(428);
    let current = user.edit(&memo, "two").await;
    let problem = user.delete(&memo.path(), &memo.etag()).await.problem(412);
    assert_eq!(problem.current_version, Some(2));
    assert_eq!(user.read(&memo).await, current);
}

#[tokio::test]
async fn another_users_memo_is_not_found() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let memo = alice.write("hers").await;
    bob.delete(&memo.path(), &memo.etag()).await.problem(404);
    bob.delete("/api/memos/trash", "*").await.expect_empty(204);
    app.anonymous().delete(&memo.path(), &memo.etag()).await.problem(401);
    assert_eq!(alice.read(&memo).await, memo);
}

#[tokio::test]
async fn of_ten_deletions_at_once_exactly_one_wins() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("race").await;
    let mut deleted = 0;
    for _ in 0..3 {
        let memo = user.write("once").await;
        let (path, etag) = (memo.path(), memo.etag());
        let answers = join_all((0..10).map(|_| user.delete(&path, &etag))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 204);
        assert!(won.len() <= 1, "{won:?}");
        deleted += won.len();
        for answer in lost {
            answer.problem_among(&[409, 412]);
        }
        assert_eq!(user.read(&memo).await.trashed_at.is_none(), won.is_empty());
    }
    // Claims are cut into windows of time; at the edge of one, all may back off. Three races meet one edge at most.
    assert!(deleted >= 2, "only {deleted} of 3 memos were deleted");
}

#[tokio::test]
async fn an_edit_and_a_deletion_at_once_have_one_winner() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("both").await;
    for round in 0..10 {
        let memo = user.write(&format!("round {round}")).await;
        let (path, etag, body) = (memo.path(), memo.etag(), json!({ "text": "edited" }));
        let (edit, deletion) = join(user.put(&path, &etag, &body), user.delete(&path, &etag)).await;
        let won = (edit.status() == 200, deletion.status() == 204);
        match won {
            (true, false) => assert_eq!(user.read(&memo).await.text, "edited"),
            (false, true) => {
                let trashed = user.read(&memo).await;
                assert!(trashed.trashed_at.is_some() && trashed.text == memo.text, "{trashed:?}");
            }
            // Both may back off; then nothing has changed.
            (false, false) => assert_eq!(user.read(&memo).await, memo),
            (true, true) => panic!("both won: {edit:?} {deletion:?}"),
        }
    }
}
