//! `GET /api/memos`

use std::cmp::Reverse;

use futures::future::{join, join_all};
use reqwest::Method;

use crate::harness::{Memo, TestApp, User};

async fn with_memos(app: &TestApp, name: &str, count: usize) -> (User, Vec<Memo>) {
    let user = app.user(name).await;
    let mut newest_first = Vec::new();
    for n in 0..count {
        newest_first.insert(0, user.write(&format!("memo {n}")).await);
    }
    // Ids follow each other; only without increment, two memos of one millisecond come in either order.
    newest_first.sort_by_key(|memo| Reverse((memo.created_at.clone(), memo.id.parse::<u64>().ok())));
    (user, newest_first)
}

/// All pages of at most `limit`.
async fn pages(user: &User, limit: usize) -> Vec<Vec<Memo>> {
    let mut query = format!("limit={limit}");
    let mut pages = Vec::new();
    loop {
        let page = user.page(&query).await;
        assert!(page.items.len() <= limit);
        pages.push(page.items);
        match page.next_cursor {
            Some(cursor) => query = format!("limit={limit}&cursor={cursor}"),
            None => return pages,
        }
        assert!(pages.len() < 100, "the cursor leads nowhere");
    }
}

#[tokio::test]
async fn nobody_has_no_memos_and_a_new_user_has_none_yet() {
    let app = TestApp::shared();
    app.anonymous().get("/api/memos").await.problem(401);
    let page = app.user("empty").await.page("").await;
    assert!(page.items.is_empty() && page.next_cursor.is_none());
}

#[tokio::test]
async fn walking_the_pages_gives_every_memo_once_newest_first() {
    let app = TestApp::shared();
    let (user, memos) = with_memos(&app, "walk", 7).await;
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(pages(&user, limit).await.concat(), memos, "limit {limit}");
    }
    let full = pages(&user, 3).await;
    assert_eq!(full[0].len(), 3, "a page is full while there are more");
    assert_eq!(full[1].len(), 3);
}

#[tokio::test]
async fn a_page_holds_fifty_unless_asked_otherwise() {
    let app = TestApp::shared();
    let (user, memos) = with_memos(&app, "fifty", 51).await;
    let page = user.page("").await;
    assert_eq!(page.items, memos[..50]);
    assert!(page.next_cursor.is_some());
}

/// Every byte of such a text is six in JSON: a hundred of them would be 39 MB.
#[tokio::test]
async fn nobody_can_make_their_own_list_too_large_to_be_read() {
    let app = TestApp::shared();
    let (owner, neighbour) = (app.user("heavy").await, app.user("neighbour").await);
    let kept = neighbour.write("a neighbour's memo").await;
    let heavy = "\u{1}".repeat(65_536);
    for _ in 0..100 {
        owner.write(&heavy).await;
    }
    let page = owner.get("/api/memos?limit=100").await.expect(200);
    assert!(page.bytes().len() <= 1_100_000, "{}", page.bytes().len());
    // More of them at once than one instance takes, with the neighbour's requests among them.
    let pages = join_all((0..48).map(|_| owner.get("/api/memos?limit=100")));
    let reads = join_all((0..48).map(|_| neighbour.read(&kept)));
    let (pages, reads) = join(pages, reads).await;
    assert!(pages.iter().all(|page| page.status() == 200));
    assert!(reads.iter().all(|read| *read == kept));
    assert_eq!(owner.all_memos().await.len(), 100);
}

#[tokio::test]
async fn a_memo_written_during_a_walk_moves_nothing() {
    let app = TestApp::shared();
    let (user, memos) = with_memos(&app, "moving", 4).await;
    let first = user.page("limit=2").await;
    user.write("meanwhile").await;
    let second = user
        .page(&format!("limit=2&cursor={}", first.next_cursor.unwrap()))
        .await;
    assert_eq!([first.items, second.items].concat(), memos);
}

#[tokio::test]
async fn deleted_memos_leave_no_gap() {
    let app = TestApp::shared();
    let (user, memos) = with_memos(&app, "gaps", 8).await;
    let (gone, left): (Vec<_>, Vec<_>) = memos.into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
    for (_, memo) in gone {
        user.remove(&memo).await;
    }
    let left: Vec<Memo> = left.into_iter().map(|(_, memo)| memo).collect();
    let found = pages(&user, 3).await;
    assert_eq!(found.concat(), left);
    assert_eq!(found[0].len(), 3, "holes do not shorten a page");
}

#[tokio::test]
async fn an_edited_memo_keeps_its_place() {
    let app = TestApp::shared();
    let (user, mut memos) = with_memos(&app, "place", 3).await;
    memos[2] = user.edit(&memos[2], "edited").await;
    assert_eq!(user.all_memos().await, memos);
}

#[tokio::test]
async fn everybody_sees_their_own_memos_only() {
    let app = TestApp::shared();
    let (alice, hers) = with_memos(&app, "alice", 3).await;
    let (bob, his) = with_memos(&app, "bob", 3).await;
    assert_eq!(alice.all_memos().await, hers);
    assert_eq!(bob.all_memos().await, his);
    // Not even with the cursor of another.
    let cursor = bob.page("limit=1").await.next_cursor.unwrap();
    let answer = alice.get(&format!("/api/memos?cursor={cursor}")).await;
    assert!(
        his.iter().all(|memo| !answer.text().contains(&memo.created_at)),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_bad_limit_or_cursor_is_refused() {
    let app = TestApp::shared();
    let (user, memos) = with_memos(&app, "bad", 2).await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=abc",
        "limit=",
        "limit=99999999999999999999",
        "limit=1&limit=2",
        "cursor=%00",
        "cursor=..%2F..%2Fauth",
        "cursor=-1",
        "cursor=!",
        "cursor=99999999999999999999999",
        "cursor=%F0%9F%94%91",
    ] {
        let answer = user.get(&format!("/api/memos?{query}")).await;
        assert_eq!(answer.problem(422).kind, "/problems#invalid-request", "{query}");
    }
    let long = "9".repeat(5000);
    user.get(&format!("/api/memos?cursor={long}")).await.problem(422);
    assert_eq!(user.all_memos().await, memos);
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let app = TestApp::shared();
    let (user, _) = with_memos(&app, "head", 1).await;
    user.call(Method::HEAD, "/api/memos").send().await.expect_empty(200);
}
