//! Memos that were stored before there was more than a text: nothing has to be converted.

use std::sync::Arc;

use crate::support::{TestApp, run};
use common::store::kv::{Kv, MemoryKv};
use http::StatusCode;
use serde_json::{Value, json};

const OLD: &str = r#"{"text":"a","created_at":1,"updated_at":1,"version":1}"#;

/// A store of each kind as an earlier version left it: ann's memo 1.
async fn old_stores() -> [TestApp; 2] {
    let (counting, plain) = (MemoryKv::default(), MemoryKv::without_increment());
    counting.increment("memo/ann/seq", 1).await.unwrap();
    for store in [&counting, &plain] {
        store.set("memo/ann/1", OLD.as_bytes()).await.unwrap();
    }
    [TestApp::over(Arc::new(counting)), TestApp::over(Arc::new(plain))]
}

#[test]
fn an_old_memo_is_read_and_listed_as_it_was() {
    run(async {
        for app in old_stores().await {
            let then = "1970-01-01T00:00:00.001Z";
            let expected = json!({
                "id": "1", "text": "a", "tags": [], "pinned": false, "archived": false,
                "created_at": then, "updated_at": then, "trashed_at": null, "version": 1,
            });
            assert_eq!(app.get("ann", "/api/memos/1").await.body, expected);
            assert_eq!(app.memos("ann", "").await, std::slice::from_ref(&expected));
            assert_eq!(app.memos("ann", "q=a").await, std::slice::from_ref(&expected));
            let feed = app.get("ann", "/api/memos/changes").await.body;
            assert_eq!(
                feed["items"],
                json!([{"id": "1", "version": 1, "deleted": false, "memo": expected}])
            );
            assert_eq!(app.get("ann", "/api/memos/1/versions").await.body["items"], json!([]));
            assert_eq!(
                app.get("ann", "/api/memos/tags").await.body,
                json!({"items": [], "more": false})
            );
        }
    });
}

#[test]
fn an_old_memo_is_changed_deleted_and_restored_as_any_other() {
    run(async {
        for app in old_stores().await {
            let edited = app.change("ann", "PUT", "1", 1, json!({"text": "#b"})).await;
            assert_eq!((edited.status, &edited.body["tags"]), (StatusCode::OK, &json!(["b"])));
            let versions = app.get("ann", "/api/memos/1/versions").await.body;
            assert_eq!(
                (&versions["items"][0]["version"], &versions["items"][0]["text"]),
                (&json!(1), &json!("a"))
            );
            app.patch("ann", "1", 2, json!({"pinned": true, "archived": true}))
                .await;
            app.delete("ann", "1", 3).await;
            let restored = app.call("ann", "POST", "/api/memos/1/restore", &[], Value::Null).await;
            assert_eq!(
                (restored.status, &restored.body["version"]),
                (StatusCode::OK, &json!(5))
            );
            app.delete("ann", "1", 5).await;
            app.delete("ann", "1", 6).await;
            assert_eq!(app.memos("ann", "state=all").await, Vec::<Value>::new());
            let next = app.write("ann", "the next").await.text("id");
            assert_ne!(next, "1");
            assert_eq!(app.texts("ann", "").await, ["the next"]);
        }
    });
}

/// Whoever goes back to the earlier version finds what it wrote, as long as a memo has nothing new.
#[test]
fn a_simple_memo_is_stored_as_it_always_was_but_for_what_it_counts() {
    run(async {
        let app = TestApp::new();
        app.write("ann", "a").await;
        let stored: Value = app.kv.get_json("memo/ann/1").await.unwrap().unwrap();
        let now = app.ports.clock.now().0;
        assert_eq!(
            stored,
            json!({"text": "a", "created_at": now, "updated_at": now, "version": 1, "charge": {"created": 1, "grown": 0}})
        );
    });
}
