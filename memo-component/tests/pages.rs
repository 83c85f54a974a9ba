//! Pages are bounded: in memos, in bytes, and in how many ids they look at.

use std::sync::Arc;

use crate::support::{TestApp, run};
use common::store::kv::MemoryKv;
use http::StatusCode;
use memo_component::catalog::page::{PAGE_MAX_BYTES, WALK_MAX};
use serde_json::{Value, json};

/// A text that is six times as long in JSON.
fn heavy() -> String {
    "\u{1}".repeat(65_536)
}

fn worlds() -> [TestApp; 2] {
    [TestApp::new(), TestApp::over(Arc::new(MemoryKv::without_increment()))]
}

/// All pages: how many memos each has, and how many bytes.
async fn pages(app: &TestApp, limit: usize) -> Vec<(usize, usize)> {
    let mut pages = Vec::new();
    let mut path = format!("/api/memos?limit={limit}");
    loop {
        let page = app.get("ann", &path).await;
        assert_eq!(page.status, StatusCode::OK);
        let items = page.body["items"].as_array().unwrap().len();
        pages.push((items, page.body.to_string().len()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/memos?limit={limit}&cursor={cursor}"),
            None => return pages,
        }
    }
}

#[test]
fn a_page_of_heavy_memos_is_short_and_the_cursor_goes_on() {
    run(async {
        for app in worlds() {
            for _ in 0..20 {
                assert_eq!(app.write("ann", &heavy()).await.status, StatusCode::CREATED);
                app.pass_secs(1);
            }
            app.write("ann", "a light one").await;
            let pages = pages(&app, 100).await;
            assert_eq!(pages.iter().map(|(items, _)| items).sum::<usize>(), 21);
            for (items, bytes) in pages {
                assert!((1..=3).contains(&items), "{items}");
                assert!(bytes <= PAGE_MAX_BYTES + 1024, "{bytes}");
            }
        }
    });
}

#[test]
fn a_page_of_light_memos_is_as_long_as_was_asked_for() {
    run(async {
        for app in worlds() {
            for number in 0..30 {
                app.write("ann", &format!("memo {number}")).await;
                app.pass_secs(1);
            }
            let items: Vec<usize> = pages(&app, 12).await.iter().map(|(items, _)| *items).collect();
            assert_eq!(items, [12, 12, 6]);
            let mut expected: Vec<String> = (0..30).map(|number| format!("memo {number}")).collect();
            expected.reverse();
            assert_eq!(app.all_texts("ann", 12).await, expected);
        }
    });
}

#[test]
fn a_walk_over_holes_is_bounded_and_its_cursor_goes_on() {
    run(async {
        let app = TestApp::new();
        app.write("ann", "the oldest").await;
        for _ in 0..WALK_MAX + 100 {
            let id = app.write("ann", "soon gone").await.text("id");
            app.remove("ann", &id).await;
        }
        let first = app.get("ann", "/api/memos?limit=10").await;
        assert_eq!(first.body["items"], json!([]));
        assert_eq!(pages(&app, 10).await.len(), 2);
        assert_eq!(app.all_texts("ann", 10).await, ["the oldest"]);
    });
}

#[test]
fn an_unreadable_record_does_not_take_the_list_away() {
    run(async {
        for app in worlds() {
            app.write("ann", "first").await;
            app.pass_secs(1);
            let broken = app.write("ann", "second").await.text("id");
            app.pass_secs(1);
            app.write("ann", "third").await;
            let key = format!("memo/ann/{broken}");
            app.world.kv.set(&key, b"{\"text\":").await.unwrap();
            assert_eq!(app.all_texts("ann", 10).await, ["third", "first"]);
            assert_eq!(app.all_texts("ann", 1).await, ["third", "first"]);
            let one = app.get("ann", &format!("/api/memos/{broken}")).await;
            assert_eq!(one.status, StatusCode::SERVICE_UNAVAILABLE);
        }
    });
}

#[test]
fn a_stored_text_is_read_although_nobody_may_write_it_any_more() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "as it was").await.text("id");
        let key = format!("memo/ann/{id}");
        let mut record: Value = app.world.kv.get_json(&key).await.unwrap().unwrap();
        record["text"] = json!(" ");
        app.world.kv.set_json(&key, &record).await.unwrap();
        assert_eq!(app.all_texts("ann", 10).await, [" "]);
        assert_eq!(app.write("ann", " ").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}
