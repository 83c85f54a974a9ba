//! Records that a newer version has written: whoever goes back to this version is refused, clearly, and nothing is changed.
//!
//! A newer version's record is one of ours with a field that this version does not know. One test for each kind of record.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use common::testing::request;
use http::StatusCode;
use serde_json::{Value, json};
use support::{
    Answer, TestApp, run,
    transfer::{LINES, import_in},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Adds the field to the record that lies at a key with this beginning and this end; tells the key and the record.
async fn renew(app: &TestApp, begin: &str, end: &str) -> (String, Value) {
    let keys = app.ports.kv.keys(begin).await.unwrap();
    let mut keys = keys.iter().filter(|key| key.ends_with(end) && !key.contains("/claim/"));
    let key = keys.next().unwrap_or_else(|| panic!("there is no {begin}…{end}"));
    let mut record: Value = app.ports.kv.get_json(key).await.unwrap().unwrap();
    // What is due says its kind by a member around its fields.
    match record.as_object_mut().unwrap().values_mut().next().unwrap() {
        Value::Object(inner) if key.contains("/due/") => inner.insert("colour".to_owned(), json!("red")),
        _ => record
            .as_object_mut()
            .unwrap()
            .insert("colour".to_owned(), json!("red")),
    };
    app.ports.kv.set_json(key, &record).await.unwrap();
    (key.clone(), record)
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.text("detail").contains("newer version"), "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}

/// What ann has: a memo with an earlier text, made with a key, a link to it, and a memo in the trash.
async fn world() -> TestApp {
    let app = TestApp::configured(common::testing::World::new(), |config| {
        config.maintenance_token = "secret".to_owned();
    });
    let key = [("idempotency-key", "\"key\"")];
    let made = app
        .call("ann", "POST", "/api/memos", &key, json!({"text": "an earlier text"}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    app.pass(DAY);
    app.change("ann", "PUT", "1", 1, json!({"text": "the text"})).await;
    app.write("ann", "for the trash").await;
    app.delete("ann", "2", 1).await;
    app
}

/// Goes through what is due, to its end or to where it is refused.
async fn maintain(app: &TestApp) -> Answer {
    loop {
        let bearer = [("authorization", "Bearer secret")];
        let answer = app.send(request("POST", "/api/memos/maintenance", &bearer, "")).await;
        if answer.body["more"] != true {
            return answer;
        }
    }
}

/// All requests are refused, and the record is as it was.
async fn keeps(app: &TestApp, (key, record): (String, Value), requests: &[(&str, &str, Value)]) {
    for (method, path, body) in requests {
        let accept = ("accept", "application/json");
        let headers: &[_] = match *method {
            "GET" | "POST" => &[accept],
            _ => &[accept, ("if-match", "*")],
        };
        let instance = app.another_instance("");
        assert_refused(&instance.call("ann", method, path, headers, body.clone()).await);
    }
    let now: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
    assert_eq!(now, record, "{key} was changed");
}

#[test]
fn a_memo() {
    run(async {
        let app = world().await;
        let newer = renew(&app, "memo/ann/", "/1").await;
        let batch = json!({"operations": [{"method": "DELETE", "id": "1", "if_match": 2}]});
        let requests = [
            ("GET", "/api/memos/1", Value::Null),
            ("GET", "/api/memos", Value::Null),
            ("GET", "/api/memos?q=text", Value::Null),
            ("GET", "/api/memos/tags", Value::Null),
            ("GET", "/api/memos/changes", Value::Null),
            ("GET", "/api/memos/export", Value::Null),
            ("GET", "/api/memos/1/versions", Value::Null),
            ("PUT", "/api/memos/1", json!({"text": "another"})),
            ("PATCH", "/api/memos/1", json!({"pinned": true})),
            ("DELETE", "/api/memos/1", Value::Null),
            ("POST", "/api/memos/1/shares", json!({})),
            ("POST", "/api/memos/1/versions/1/restore", Value::Null),
        ];
        keeps(&app, newer.clone(), &requests).await;
        let answer = app.call("ann", "POST", "/api/memos/batch", &[], batch).await;
        assert_eq!(answer.body["results"][0]["status"], 503, "{answer:?}");
        assert_eq!(app.ports.kv.get_json::<Value>(&newer.0).await.unwrap(), Some(newer.1));
    });
}

#[test]
fn the_log_says_what_was_not_known() {
    run(async {
        let app = world().await;
        let (key, _) = renew(&app, "memo/ann/", "/1").await;
        let error = app
            .ports
            .kv
            .get_json::<memo_component::memo::Memo>(&key)
            .await
            .unwrap_err();
        let line = error.to_string();
        assert!(
            line.starts_with("record memo/ann was written by a newer version: unknown field `colour`"),
            "{line}"
        );
    });
}

#[test]
fn a_memos_earlier_texts() {
    run(async {
        let app = world().await;
        let newer = renew(&app, "memo/ann/", "/1/history").await;
        app.pass(DAY);
        let requests = [
            ("GET", "/api/memos/1/versions", Value::Null),
            ("GET", "/api/memos/1/versions/1", Value::Null),
            ("PUT", "/api/memos/1", json!({"text": "quite another"})),
        ];
        keeps(&app, newer, &requests).await;
        assert_eq!(app.get("ann", "/api/memos/1").await.text("text"), "the text");
    });
}

#[test]
fn an_entry_of_the_log_of_changes() {
    run(async {
        let app = world().await;
        let newer = renew(&app, "memo/ann/change/", "").await;
        keeps(&app, newer, &[("GET", "/api/memos/changes", Value::Null)]).await;
    });
}

#[test]
fn where_the_log_of_changes_begins() {
    run(async {
        let app = TestApp::new();
        app.ports
            .kv
            .set_json("memo/ann/log-start", &json!({"first": 1}))
            .await
            .unwrap();
        app.write("ann", "a").await;
        app.change("ann", "PUT", "1", 1, json!({"text": "b"})).await;
        let newer = renew(&app, "memo/ann/log-start", "").await;
        keeps(&app, newer, &[("GET", "/api/memos/changes", Value::Null)]).await;
    });
}

#[test]
fn links_and_whose_they_are() {
    run(async {
        for (begin, end) in [("memo/ann/shares", ""), ("memo/share/", "")] {
            let app = world().await;
            let link = app.call("ann", "POST", "/api/memos/1/shares", &[], json!({})).await;
            let newer = renew(&app, begin, end).await;
            let open = format!("/api/shares/{}", link.text("token"));
            let list = ("GET", "/api/memos/shares", Value::Null);
            let another = ("POST", "/api/memos/1/shares", json!({}));
            let open = ("GET", open.as_str(), Value::Null);
            if begin == "memo/share/" {
                keeps(&app, newer, &[open]).await;
            } else {
                keeps(&app, newer, &[open, list, another]).await;
            }
        }
    });
}

#[test]
fn what_an_idempotency_key_stands_for() {
    run(async {
        let app = world().await;
        let (key, record) = renew(&app, "memo/ann/idem/", "").await;
        let header = [("idempotency-key", "\"key\"")];
        let body = json!({"text": "an earlier text"});
        assert_refused(&app.call("ann", "POST", "/api/memos", &header, body).await);
        keeps(&app, (key, record), &[]).await;
    });
}

#[test]
fn the_lease_of_an_import() {
    run(async {
        let app = world().await;
        let line = b"{\"text\": \"imported\"}\n";
        assert_eq!(
            import_in(&app, "ann", LINES, line, line.len()).await.status,
            StatusCode::OK
        );
        let newer = renew(&app, "memo/ann/import", "").await;
        assert_refused(&import_in(&app, "ann", LINES, line, line.len()).await);
        keeps(&app, newer, &[]).await;
    });
}

#[test]
fn the_key_of_cursors() {
    run(async {
        let app = world().await;
        app.write("ann", "another").await;
        app.get("ann", "/api/memos?limit=1").await;
        let newer = renew(&app, "memo/cursor-key", "").await;
        keeps(&app, newer, &[("GET", "/api/memos?limit=1", Value::Null)]).await;
    });
}

#[test]
fn how_far_an_erasure_is() {
    run(async {
        let app = world().await;
        let erase = async |app: &TestApp| {
            let token = app.token_for("ann", "memo-api", 60, "memos:erase");
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str())];
            app.send(request("POST", "/api/memos/erasure", &headers, "")).await
        };
        assert!(erase(&app).await.status.is_success());
        let newer = renew(&app, "memo/ann/erasure", "").await;
        assert_refused(&erase(&app.another_instance("")).await);
        keeps(&app, newer, &[]).await;
    });
}

/// It waits for the version that knows it.
#[test]
fn an_entry_of_what_is_due() {
    run(async {
        let app = world().await;
        let newer = renew(&app, "memo/due/", "/1").await;
        app.pass(DAY * 60);
        assert_refused(&maintain(&app).await);
        keeps(&app, newer, &[]).await;
    });
}
