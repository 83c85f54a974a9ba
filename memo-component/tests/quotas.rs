//! How much one person may keep: each limit from both sides, and what counts for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use common::{store::kv::MemoryKv, testing::EPOCH};
use http::StatusCode;
use memo_component::catalog::quota::Limits;
use serde_json::{Value, json};
use support::{Answer, TestApp, run};

/// A text of so many KiB, in which memos are counted.
fn kib(count: usize) -> String {
    "x".repeat(count * 1024)
}

/// The service with these quotas of memos and KiB.
fn app_with(max_memos: u64, max_kib: u64) -> TestApp {
    let limits = Limits {
        max_memos,
        max_bytes: max_kib * 1024,
        ..Limits::default()
    };
    TestApp::with_limits(Arc::new(MemoryKv::default()), limits)
}

/// A memo that must be taken; its id.
async fn write(app: &TestApp, text: &str) -> String {
    let made = app.write("ann", text).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.text("id")
}

/// Of bytes the limit and what is used are given in KiB.
fn is_refused(answer: &Answer, quota: &str, limit: u64, used: u64) {
    let unit = if quota == "bytes" { 1024 } else { 1 };
    let (limit, used) = (limit * unit, used * unit);
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert_eq!(answer.body["type"], "/problems#quota-exceeded");
    let told = (&answer.body["quota"], &answer.body["limit"], &answer.body["used"]);
    assert_eq!(told, (&json!(quota), &json!(limit), &json!(used)));
}

#[test]
fn so_many_memos_and_not_one_more() {
    run(async {
        let app = app_with(3, 1_000);
        let mut ids = Vec::new();
        for number in 0..3 {
            ids.push(write(&app, &format!("memo {number}")).await);
        }
        // However often it is tried, nothing is counted for it.
        for _ in 0..5 {
            is_refused(&app.write("ann", "one too many").await, "memos", 3, 3);
        }
        assert_eq!(app.write("bob", "bob has his own").await.status, StatusCode::CREATED);
        // The trash counts, and what is gone does not.
        app.delete("ann", &ids[0], 1).await;
        is_refused(&app.write("ann", "one too many").await, "memos", 3, 3);
        app.delete("ann", &ids[0], 2).await;
        write(&app, "in its place").await;
        is_refused(&app.write("ann", "one too many").await, "memos", 3, 3);
        // What there is can be changed all the same.
        app.patch("ann", &ids[1], 1, json!({"text": "as long as one likes"}))
            .await;
    });
}

#[test]
fn so_many_bytes_and_not_one_more() {
    run(async {
        let app = app_with(100, 10);
        let id = write(&app, &kib(4)).await;
        is_refused(&app.write("ann", &kib(7)).await, "bytes", 10, 4);
        is_refused(&app.write("ann", &format!("{}1", kib(6))).await, "bytes", 10, 4);
        write(&app, &kib(6)).await;
        is_refused(&app.write("ann", "1").await, "bytes", 10, 10);
        app.delete("ann", &id, 1).await;
        is_refused(&app.write("ann", "1").await, "bytes", 10, 10);
        app.delete("ann", &id, 2).await;
        write(&app, &"가".repeat(1024)).await;
        write(&app, "the least counts for one").await;
        is_refused(&app.write("ann", "1").await, "bytes", 10, 10);
    });
}

#[test]
fn a_memo_counts_for_the_longest_text_that_it_has_had() {
    run(async {
        // Grown by little, by half of the quota, and by more, which is counted in another place.
        for grown in 5..=10 {
            let app = app_with(100, 10);
            let id = write(&app, &kib(4)).await;
            let put = async |version, count| {
                let body = json!({"text": kib(count)});
                app.change("ann", "PUT", &id, version, body).await
            };
            is_refused(&put(1, 11).await, "bytes", 10, 4);
            assert_eq!(put(1, grown).await.status, StatusCode::OK);
            // Shorter, it counts as much: its earlier text is kept as well.
            assert_eq!(put(2, 1).await.status, StatusCode::OK);
            let used = u64::try_from(grown).unwrap();
            is_refused(&app.write("ann", &kib(11 - grown)).await, "bytes", 10, used);
            assert_eq!(put(3, grown).await.status, StatusCode::OK);
            app.delete("ann", &id, 4).await;
            app.delete("ann", &id, 5).await;
            let all = write(&app, &kib(10)).await;
            is_refused(&app.write("ann", "1").await, "bytes", 10, 10);
            app.remove("ann", &all).await;
            write(&app, &kib(10)).await;
        }
    });
}

#[test]
fn a_change_that_is_refused_leaves_nothing_behind() {
    run(async {
        let app = app_with(100, 10);
        let id = write(&app, &kib(4)).await;
        app.pass_secs(3_600);
        let before = app.get("ann", &format!("/api/memos/{id}")).await.body;
        for _ in 0..5 {
            let body = json!({"text": kib(11), "pinned": true});
            is_refused(&app.change("ann", "PUT", &id, 1, body).await, "bytes", 10, 4);
        }
        let path = format!("/api/memos/{id}");
        assert_eq!(app.get("ann", &path).await.body, before);
        assert_eq!(
            app.get("ann", &format!("{path}/versions")).await.body["items"],
            json!([])
        );
        let told = app.get("ann", "/api/memos/changes").await.body;
        assert_eq!(told["items"].as_array().unwrap().len(), 1);
        // Who is over the quota may still put things in order.
        app.patch("ann", &id, 1, json!({"pinned": true})).await;
        app.delete("ann", &id, 2).await;
    });
}

#[test]
fn limits_that_are_lowered_later_take_nothing_away() {
    run(async {
        let store = Arc::new(MemoryKv::default());
        let app = TestApp::over(store.clone());
        let id = write(&app, &kib(2)).await;
        write(&app, "another").await;
        let limits = Limits {
            max_memos: 1,
            max_bytes: 1024,
            ..Limits::default()
        };
        let app = TestApp::with_limits(store, limits);
        is_refused(&app.write("ann", "x").await, "memos", 1, 2);
        assert_eq!(app.memos("ann", "").await.len(), 2);
        let put = async |version, text: String| app.change("ann", "PUT", &id, version, json!({"text": text})).await;
        assert_eq!(put(1, "as long".repeat(200)).await.status, StatusCode::OK);
        is_refused(&put(2, kib(3)).await, "bytes", 1, 3);
        app.delete("ann", &id, 2).await;
    });
}

#[test]
fn a_key_that_was_refused_makes_its_memo_when_there_is_room() {
    run(async {
        let app = app_with(1, 1_000);
        let first = write(&app, "the only one").await;
        let post = async || {
            let key = [("idempotency-key", "key")];
            app.call("ann", "POST", "/api/memos", &key, json!({"text": "the next"}))
                .await
        };
        for _ in 0..3 {
            is_refused(&post().await, "memos", 1, 1);
        }
        app.remove("ann", &first).await;
        assert_eq!(post().await.status, StatusCode::CREATED);
        assert_eq!(post().await.status, StatusCode::CREATED, "and it is the same one");
        assert_eq!(app.texts("ann", "").await, ["the next"]);
    });
}

#[test]
fn a_memo_from_before_there_were_quotas_counts_from_its_next_text_on() {
    run(async {
        let app = app_with(100, 10);
        let memo = json!({"text": kib(8), "created_at": EPOCH, "updated_at": EPOCH, "version": 1});
        app.kv.set_json("memo/ann/1", &memo).await.unwrap();
        app.kv.increment("memo/ann/seq", 1).await.unwrap();
        let id = write(&app, &kib(10)).await;
        // Where there is no room, it can be put in order.
        app.patch("ann", "1", 1, json!({"pinned": true})).await;
        app.delete("ann", "1", 2).await;
        app.patch("ann", "1", 3, json!({"trashed_at": null})).await;
        let longer = json!({"text": kib(9)});
        let refused = app.change("ann", "PATCH", "1", 4, longer.clone()).await;
        is_refused(&refused, "bytes", 10, 10);
        app.remove("ann", &id).await;
        app.patch("ann", "1", 4, longer).await;
        is_refused(&app.write("ann", &kib(2)).await, "bytes", 10, 9);
        app.delete("ann", "1", 5).await;
        app.delete("ann", "1", 6).await;
        write(&app, &kib(10)).await;
    });
}

#[test]
fn everything_that_is_removed_at_once_is_given_back() {
    run(async {
        let app = app_with(150, 200);
        for round in 0..3 {
            for number in 0..150 {
                write(&app, &format!("memo {:05}", round * 1_000 + number)).await;
            }
            assert_eq!(app.write("ann", "x").await.status, StatusCode::FORBIDDEN);
            let mut path = "/api/memos".to_owned();
            while let Some(cursor) = {
                let body = json!({"confirm": "all"});
                let emptied: Value = app.call("ann", "DELETE", &path, &[], body).await.body;
                emptied["next_cursor"].as_str().map(str::to_owned)
            } {
                path = format!("/api/memos?cursor={cursor}");
            }
        }
    });
}

#[test]
fn a_store_without_counters_counts_nothing() {
    run(async {
        let limits = Limits {
            max_memos: 1,
            max_bytes: 1,
            ..Limits::default()
        };
        let app = TestApp::with_limits(Arc::new(MemoryKv::without_increment()), limits);
        for _ in 0..3 {
            write(&app, "as much as one likes").await;
        }
    });
}

#[test]
fn a_limit_is_a_number_that_the_counters_can_hold() {
    let read = |memos: &str, bytes: &str, days: &str| Limits::parse(memos, bytes, days);
    let limits = Limits {
        max_memos: 7,
        max_bytes: 8,
        trash_days: 9,
        ..Limits::default()
    };
    assert_eq!(read(" 7 ", "8", "9").unwrap(), limits);
    let most = ("100000", "419430400", "3650");
    assert!(read(most.0, most.1, most.2).is_ok());
    for (memos, bytes, days, variable) in [
        ("100001", most.1, most.2, "max_memos"),
        (most.0, "419430401", most.2, "max_bytes"),
        (most.0, most.1, "3651", "trash_days"),
        ("", "8", "9", "max_memos"),
        ("7", "-8", "9", "max_bytes"),
        ("7", "8", "nine", "trash_days"),
    ] {
        assert_eq!(read(memos, bytes, days).unwrap_err().variables(), [variable]);
    }
}
