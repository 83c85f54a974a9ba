//! `GET /api/memos/changes`

use std::collections::HashMap;

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Change, Client, Memo, TestApp};

/// Takes over what the feed has told. Without counters things may be told twice, and late: the version says which counts.
fn apply(mirror: &mut HashMap<String, Change>, told: Vec<Change>) {
    for change in told {
        assert_eq!(change.deleted, change.memo.is_none(), "{change:?}");
        if let Some(memo) = &change.memo {
            assert_eq!((&memo.id, memo.version), (&change.id, change.version));
        }
        let known = mirror.get(&change.id);
        if known.is_none_or(|known| change.version >= known.version) {
            mirror.insert(change.id.clone(), change);
        }
    }
}

/// The memos of a mirror are those that a listing shows.
async fn is_right(client: &Client, mirror: &HashMap<String, Change>) {
    let mut memos: Vec<Memo> = mirror.values().filter_map(|change| change.memo.clone()).collect();
    let mut listed = client.found("state=all&limit=100").await;
    for memos in [&mut memos, &mut listed] {
        memos.sort_by_key(|memo| memo.id.parse::<u64>().ok());
    }
    assert_eq!(memos, listed);
}

#[tokio::test]
async fn whoever_follows_the_feed_knows_everything() {
    let app = TestApp::shared();
    let user = app.user("feed").await;
    let mut mirror = HashMap::new();
    let (told, since) = user.changes(None, 100).await;
    assert!(told.is_empty());
    let (a, b, c) = (user.write("a").await, user.write("b").await, user.write("c").await);
    let (told, since) = user.changes(Some(&since), 2).await;
    apply(&mut mirror, told);
    is_right(&user, &mirror).await;

    let a = user.edit(&a, "a, edited").await;
    user.change(&a, json!({ "pinned": true })).await;
    user.trash(&b).await;
    user.remove(&c).await;
    user.write("d").await;
    let (told, since) = user.changes(Some(&since), 1).await;
    apply(&mut mirror, told);
    is_right(&user, &mirror).await;
    assert!(mirror[&c.id].deleted && mirror[&b.id].memo.as_ref().unwrap().trashed_at.is_some());

    user.restore(&b).await;
    let (told, _) = user.changes(Some(&since), 100).await;
    apply(&mut mirror, told);
    is_right(&user, &mirror).await;
    // Who begins anew knows as much.
    let (told, _) = user.changes(None, 3).await;
    let mut anew = HashMap::new();
    apply(&mut anew, told);
    is_right(&user, &anew).await;
}

#[tokio::test]
async fn a_feed_that_is_read_among_writers_misses_nothing() {
    let app = TestApp::shared();
    let user = app.user("busy").await;
    let mut mirror = HashMap::new();
    let (mut told, mut since) = user.changes(None, 7).await;
    for round in 0..5 {
        let writers = join_all((0..6).map(async |writer| {
            let memo = user.write(&format!("round {round}, writer {writer}")).await;
            match writer % 3 {
                0 => drop(user.edit(&memo, "edited").await),
                1 => user.remove(&memo).await,
                _ => {}
            }
        }));
        let readers = async {
            let mut told = Vec::new();
            for _ in 0..4 {
                let (more, next) = user.changes(Some(&since), 7).await;
                told.extend(more);
                since = next;
            }
            told
        };
        let (_, more) = futures::future::join(writers, readers).await;
        told.extend(more);
    }
    told.extend(user.changes(Some(&since), 7).await.0);
    apply(&mut mirror, told);
    is_right(&user, &mirror).await;
}

#[tokio::test]
async fn a_cursor_of_the_feed_is_its_owners() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.write("hers").await;
    let (_, hers) = alice.changes(None, 100).await;
    bob.get(&format!("/api/memos/changes?since={hers}")).await.problem(422);
    alice.get(&format!("/api/memos?cursor={hers}")).await.problem(422);
    app.anonymous().get("/api/memos/changes").await.problem(401);
    let (told, _) = bob.changes(None, 100).await;
    assert!(told.is_empty());
}
