//! The trash: what is in it stays as it is, comes back whole, or goes for good.

use crate::support::{Answer, TestApp, run};
use http::StatusCode;
use serde_json::{Value, json};

async fn write(app: &TestApp, text: &str) -> String {
    app.pass_secs(1);
    app.write("ann", text).await.text("id")
}

async fn restore(app: &TestApp, id: &str, headers: &[(&str, &str)]) -> Answer {
    let path = format!("/api/memos/{id}/restore");
    app.call("ann", "POST", &path, headers, Value::Null).await
}

#[test]
fn a_deleted_memo_is_as_it_was_but_for_the_trash() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "a #memo").await;
            let before = app
                .patch("ann", &id, 1, json!({"pinned": true, "archived": true}))
                .await;
            app.pass_secs(5);
            app.delete("ann", &id, 2).await;
            let trashed = app.get("ann", &format!("/api/memos/{id}")).await.body;
            let now = json!(app.ports.clock.now().to_rfc3339());
            assert_eq!((&trashed["trashed_at"], &trashed["version"]), (&now, &json!(3)));

            app.pass_secs(5);
            let back = restore(&app, &id, &[]).await;
            assert_eq!((back.status, back.header("etag")), (StatusCode::OK, "\"4\""));
            let mut expected = before;
            expected["version"] = json!(4);
            assert_eq!(back.body, expected);
            assert_eq!(app.get("ann", &format!("/api/memos/{id}")).await.body, expected);
        }
    });
}

#[test]
fn what_is_in_the_trash_is_not_changed_there() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "one").await;
            app.delete("ann", &id, 1).await;
            for (method, body) in [
                ("PUT", json!({"text": "two"})),
                ("PATCH", json!({"text": "two"})),
                ("PATCH", json!({"pinned": true})),
                ("PATCH", json!({"archived": null})),
                ("PATCH", json!({})),
            ] {
                let refused = app.change("ann", method, &id, 2, body.clone()).await;
                assert_eq!(refused.status, StatusCode::CONFLICT, "{method} {body}");
                assert_eq!(refused.body["type"], "/problems#in-trash");
            }
            // Nobody who holds an earlier version is told of the trash.
            let stale = app.change("ann", "PUT", &id, 1, json!({"text": "two"})).await;
            assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
            assert!(stale.body["current"]["trashed_at"].is_string());
            let back = app
                .patch(
                    "ann",
                    &id,
                    2,
                    json!({"trashed_at": null, "text": "two", "pinned": true}),
                )
                .await;
            assert_eq!(
                (&back["trashed_at"], &back["text"], &back["pinned"]),
                (&Value::Null, &json!("two"), &json!(true))
            );
        }
    });
}

#[test]
fn a_restore_is_meant_for_any_version_or_for_one() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "one").await;
            let as_it_is = restore(&app, &id, &[]).await;
            assert_eq!(
                (as_it_is.status, &as_it_is.body["version"]),
                (StatusCode::OK, &json!(1))
            );
            app.delete("ann", &id, 1).await;
            for wrong in ["\"1\"", "\"3\"", "W/\"2\""] {
                let stale = restore(&app, &id, &[("if-match", wrong)]).await;
                assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{wrong}");
                assert_eq!(stale.body["current"]["version"], 2);
            }
            assert_eq!(restore(&app, &id, &[("if-match", "\"2\"")]).await.body["version"], 3);
            let garbled = restore(&app, &id, &[("if-match", "2")]).await;
            assert_eq!(garbled.status, StatusCode::BAD_REQUEST);
            // One that is not in the trash any more stays as it is, and a stale version is stale there, too.
            assert_eq!(restore(&app, &id, &[("if-match", "\"3\"")]).await.body["version"], 3);
            assert_eq!(
                restore(&app, &id, &[("if-match", "\"2\"")]).await.status,
                StatusCode::PRECONDITION_FAILED
            );
        }
    });
}

#[test]
fn what_is_deleted_in_the_trash_is_gone_with_its_history() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "one").await;
            app.pass_secs(60);
            app.patch("ann", &id, 1, json!({"text": "two"})).await;
            assert!(app.kv.exists(&format!("memo/ann/{id}/history")).await.unwrap());
            app.delete("ann", &id, 2).await;
            let stale = app.change("ann", "DELETE", &id, 2, Value::Null).await;
            assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
            app.delete("ann", &id, 3).await;
            for path in ["", "/versions", "/versions/1", "/versions/3"] {
                let gone = app.get("ann", &format!("/api/memos/{id}{path}")).await;
                assert_eq!(gone.status, StatusCode::NOT_FOUND, "{path}");
            }
            assert_eq!(restore(&app, &id, &[]).await.status, StatusCode::NOT_FOUND);
            let left = app.kv.keys(&format!("memo/ann/{id}")).await.unwrap();
            assert_eq!(left, Vec::<String>::new());
        }
    });
}

#[test]
fn what_is_anothers_is_neither_restored_nor_removed() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "ann's").await;
            app.delete("ann", &id, 1).await;
            let path = format!("/api/memos/{id}/restore");
            let bobs = app.call("bob", "POST", &path, &[], Value::Null).await;
            assert_eq!(bobs.status, StatusCode::NOT_FOUND);
            assert_eq!(
                app.change("bob", "DELETE", &id, 2, Value::Null).await.status,
                StatusCode::NOT_FOUND
            );
            let emptied = app.call("bob", "DELETE", "/api/memos/trash", &[], Value::Null).await;
            assert_eq!(emptied.status, StatusCode::NO_CONTENT);
            let emptied = app
                .call("bob", "DELETE", "/api/memos", &[], json!({"confirm": "all"}))
                .await;
            assert_eq!(emptied.status, StatusCode::NO_CONTENT);
            assert_eq!(app.texts("ann", "state=trashed").await, ["ann's"]);
        }
    });
}

/// Asks again until all is gone; how many requests that took.
async fn remove_all(app: &TestApp, path: &str, body: Value) -> usize {
    let mut at = path.to_owned();
    for requests in 1..100 {
        let answer = app.call("ann", "DELETE", &at, &[], body.clone()).await;
        if answer.status == StatusCode::NO_CONTENT {
            return requests;
        }
        assert_eq!((answer.status, &answer.body["more"]), (StatusCode::OK, &json!(true)));
        assert!(answer.body["removed"].as_u64().unwrap() <= 100, "{answer:?}");
        at = format!("{path}?cursor={}", answer.text("next_cursor"));
    }
    unreachable!("the cursor leads nowhere")
}

#[test]
fn the_trash_is_emptied_and_nothing_else() {
    run(async {
        for app in TestApp::both() {
            for number in 0..250 {
                let id = write(&app, &format!("memo {number}")).await;
                match number % 10 {
                    0 => {}
                    1 => drop(app.patch("ann", &id, 1, json!({"archived": true})).await),
                    _ => app.delete("ann", &id, 1).await,
                }
            }
            assert!((2..=3).contains(&remove_all(&app, "/api/memos/trash", Value::Null).await));
            assert_eq!(app.memos("ann", "state=trashed").await, Vec::<Value>::new());
            assert_eq!(app.memos("ann", "state=all").await.len(), 50);
            assert_eq!(remove_all(&app, "/api/memos/trash", Value::Null).await, 1);
        }
    });
}

#[test]
fn everything_goes_when_it_is_said_in_so_many_words() {
    run(async {
        for app in TestApp::both() {
            for number in 0..120 {
                let id = write(&app, &format!("memo {number}")).await;
                match number % 3 {
                    0 => {}
                    1 => drop(app.patch("ann", &id, 1, json!({"archived": true})).await),
                    _ => app.delete("ann", &id, 1).await,
                }
            }
            app.write("bob", "bob's").await;
            for (body, status) in [
                (Value::Null, 415),
                (json!({}), 422),
                (json!({"confirm": "yes"}), 422),
                (json!({"confirm": true}), 422),
                (json!({"confirm": "All"}), 422),
                (json!({"confirm": "all", "state": "trashed"}), 422),
            ] {
                let refused = app.call("ann", "DELETE", "/api/memos", &[], body.clone()).await;
                assert_eq!(refused.status, status, "{body}");
            }
            assert_eq!(app.memos("ann", "state=all").await.len(), 120);
            let body = json!({"confirm": "all"});
            assert_eq!(remove_all(&app, "/api/memos", body).await, 2);
            assert_eq!(app.memos("ann", "state=all").await, Vec::<Value>::new());
            assert_eq!(app.texts("bob", "").await, ["bob's"]);
            write(&app, "anew").await;
            assert_eq!(app.texts("ann", "").await, ["anew"]);
        }
    });
}
