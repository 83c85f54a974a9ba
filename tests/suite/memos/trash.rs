//! The trash: `DELETE`, `POST /api/memos/{id}/restore`, `DELETE /api/memos/trash`, `DELETE /api/memos`

use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Memo, Response, TestApp, store_is_atomic};

async fn restore(client: &Client, memo: &Memo) -> Response {
    client
        .call(Method::POST, &format!("{}/restore", memo.path()))
        .send()
        .await
}

#[tokio::test]
async fn a_deleted_memo_lies_in_the_trash_until_it_is_taken_out() {
    let app = TestApp::shared();
    let user = app.user("trash").await;
    let memo = user.write("one").await;
    let trashed = user.trash(&memo).await;
    assert!(user.all_memos().await.is_empty());
    assert_eq!(user.found("state=trashed").await, std::slice::from_ref(&trashed));
    for body in [json!({ "text": "two" }), json!({ "pinned": true })] {
        let problem = user.patch(&trashed.path(), &trashed.etag(), &body).await.problem(409);
        assert_eq!(problem.kind, "/problems#in-trash");
    }
    let back = user.restore(&memo).await;
    assert_eq!((back.version, &back.text, &back.trashed_at), (3, &memo.text, &None));
    assert_eq!(user.restore(&memo).await, back, "restored again, it stays as it is");
    let trashed = user.trash(&back).await;
    let back = user.change(&trashed, json!({ "trashed_at": null })).await;
    assert_eq!(user.all_memos().await, [back]);
}

#[tokio::test]
async fn another_users_trash_is_not_found() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let memo = alice.trash(&alice.write("hers").await).await;
    restore(&bob, &memo).await.problem(404);
    restore(&app.anonymous(), &memo).await.problem(401);
    bob.delete(&memo.path(), &memo.etag()).await.problem(404);
    assert_eq!(alice.found("state=trashed").await, [memo]);
}

/// Asks again until all is gone.
async fn remove_all(client: &Client, path: &str, body: Option<Value>) {
    let mut at = path.to_owned();
    for _ in 0..100 {
        let mut call = client.call(Method::DELETE, &at);
        if let Some(body) = &body {
            call = call.json(body);
        }
        let answer = call.send().await;
        if answer.status() == 204 {
            return;
        }
        let more = answer.expect(200).value();
        assert_eq!(more["more"], true);
        let cursor = more["next_cursor"].as_str().expect("it says where to go on");
        at = format!("{path}?cursor={cursor}");
    }
    panic!("it never ends")
}

#[tokio::test]
async fn the_trash_is_emptied_and_everything_is_removed_when_it_is_said() {
    let app = TestApp::shared();
    let user = app.user("empty").await;
    let mut memos = Vec::new();
    for number in 0..12 {
        memos.push(user.write(&format!("memo {number}")).await);
    }
    join_all(memos[..6].iter().map(|memo| user.trash(memo))).await;
    user.change(&memos[6], json!({ "archived": true })).await;
    remove_all(&user, "/api/memos/trash", None).await;
    assert!(user.found("state=trashed").await.is_empty());
    assert_eq!(
        (user.all_memos().await.len(), user.found("state=archived").await.len()),
        (5, 1)
    );
    for wrong in [json!({}), json!({ "confirm": "yes" })] {
        user.call(Method::DELETE, "/api/memos")
            .json(&wrong)
            .send()
            .await
            .problem(422);
    }
    user.call(Method::DELETE, "/api/memos").send().await.problem(415);
    user.trash(&memos[7]).await;
    remove_all(&user, "/api/memos", Some(json!({ "confirm": "all" }))).await;
    assert!(user.found("state=all").await.is_empty());
    let anew = user.write("anew").await;
    assert_eq!(user.all_memos().await, [anew]);
}

#[tokio::test]
async fn restores_at_once_make_one_version() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("restores").await;
    for round in 0..5 {
        let memo = user.trash(&user.write(&format!("round {round}")).await).await;
        let (one, other) = join(restore(&user, &memo), restore(&user, &memo)).await;
        let now = user.read(&memo).await;
        for answer in [one, other] {
            match answer.status() {
                200 => assert_eq!(Memo::of(&answer), now),
                _ => drop(answer.problem_among(&[409])),
            }
        }
        // Both may back off at the edge of a window; then it lies where it lay.
        assert!(now.version == 3 || now == memo, "{now:?}");
    }
}

#[tokio::test]
async fn a_restore_and_a_removal_for_good_at_once_have_one_winner() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("either").await;
    for round in 0..10 {
        let memo = user.trash(&user.write(&format!("round {round}")).await).await;
        let (path, etag) = (memo.path(), memo.etag());
        let (restored, removed) = join(restore(&user, &memo), user.delete(&path, &etag)).await;
        match (restored.status(), removed.status()) {
            (200, _) => {
                removed.problem_among(&[409, 412]);
                assert!(user.read(&memo).await.trashed_at.is_none());
            }
            (_, 204) => {
                restored.problem_among(&[404, 409]);
                user.get(&path).await.problem(404);
            }
            _ => assert_eq!(user.read(&memo).await, memo),
        }
    }
}
