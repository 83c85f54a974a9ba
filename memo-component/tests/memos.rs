//! The routes of `/api/memos`, over a store in memory, with and without atomic increment.

use std::sync::Arc;

use crate::support::{TestApp, run};
use common::store::kv::MemoryKv;
use http::StatusCode;
use serde_json::{Value, json};

/// Runs `test` on both kinds of stores.
fn on_both_kinds<F: Future<Output = ()>>(test: impl Fn(TestApp) -> F) {
    run(test(TestApp::new()));
    run(test(TestApp::over(Arc::new(MemoryKv::without_increment()))));
}

#[test]
fn a_memo_is_created_read_changed_and_deleted() {
    on_both_kinds(|app| async move {
        let created = app.write("ann", "우유 사기").await;
        assert_eq!(created.status, StatusCode::CREATED);
        assert_eq!(created.headers["etag"], "\"1\"");
        let path = created.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(path, format!("/api/memos/{}", created.body["id"].as_str().unwrap()));
        assert_eq!(app.get("ann", &path).await.body, created.body);

        app.pass_secs(1);
        let changed = app
            .call("ann", "PUT", &path, &[("if-match", "\"1\"")], json!({"text": "빵"}))
            .await;
        assert_eq!((changed.status, &changed.body["version"]), (StatusCode::OK, &json!(2)));
        assert_eq!(changed.body["created_at"], created.body["created_at"]);
        assert_ne!(changed.body["updated_at"], created.body["updated_at"]);
        assert_eq!(app.get("ann", &path).await.body, changed.body);

        let gone = app
            .call("ann", "DELETE", &path, &[("if-match", "\"2\"")], Value::Null)
            .await;
        assert_eq!((gone.status, gone.header("etag")), (StatusCode::NO_CONTENT, "\"3\""));
        assert!(app.get("ann", &path).await.body["trashed_at"].is_string());
        assert!(app.all_texts("ann", 10).await.is_empty());
        let gone = app
            .call("ann", "DELETE", &path, &[("if-match", "\"3\"")], Value::Null)
            .await;
        assert_eq!((gone.status, gone.header("etag")), (StatusCode::NO_CONTENT, ""));
        assert_eq!(app.get("ann", &path).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_listing_is_newest_first_in_pages() {
    on_both_kinds(|app| async move {
        let mut written = Vec::new();
        for number in 0..23 {
            app.write("ann", &format!("memo {number}")).await;
            app.pass_secs(1);
            written.insert(0, format!("memo {number}"));
        }
        app.write("bob", "bob's").await;
        for limit in [1, 7, 23, 100] {
            assert_eq!(app.all_texts("ann", limit).await, written, "pages of {limit}");
        }
    });
}

#[test]
fn another_users_memo_is_not_found() {
    on_both_kinds(|app| async move {
        let path = app.write("ann", "private").await.headers["location"]
            .to_str()
            .unwrap()
            .to_owned();
        let tries = [
            app.get("bob", &path).await,
            app.call("bob", "PUT", &path, &[("if-match", "\"1\"")], json!({"text": "mine"}))
                .await,
            app.call("bob", "DELETE", &path, &[("if-match", "*")], Value::Null)
                .await,
        ];
        assert!(
            tries.iter().all(|answer| answer.status == StatusCode::NOT_FOUND),
            "{tries:?}"
        );
        assert_eq!(app.all_texts("ann", 10).await, ["private"]);
    });
}

#[test]
fn a_change_says_which_version_it_is_meant_for() {
    on_both_kinds(|app| async move {
        let path = app.write("ann", "one").await.headers["location"]
            .to_str()
            .unwrap()
            .to_owned();
        let put = async |condition: &str, text: &str| {
            app.call("ann", "PUT", &path, &[("if-match", condition)], json!({"text": text}))
                .await
        };
        let without = app.call("ann", "PUT", &path, &[], json!({"text": "two"})).await;
        assert_eq!(without.status, StatusCode::PRECONDITION_REQUIRED);
        assert_eq!(put("\"1\"", "two").await.status, StatusCode::OK);
        for stale in ["\"1\"", "\"3\"", "W/\"2\"", "\"x\"", "\"1\", \"3\""] {
            let answer = put(stale, "three").await;
            assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{stale}");
            assert_eq!(
                (&answer.body["current_version"], &answer.headers["etag"]),
                (&json!(2), &"\"2\"".parse().unwrap())
            );
            assert_eq!(answer.body["current"], app.get("ann", &path).await.body);
        }
        assert_eq!(put("\"1\", \"2\"", "three").await.body["version"], 3);
        assert_eq!(put("*", "four").await.body["version"], 4);
        assert_eq!(put("four", "five").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(app.all_texts("ann", 10).await, ["four"]);
    });
}

#[test]
fn a_reader_who_has_the_version_gets_304() {
    run(async {
        let app = TestApp::new();
        let path = app.write("ann", "one").await.headers["location"]
            .to_str()
            .unwrap()
            .to_owned();
        for (condition, status) in [
            ("\"1\"", 304),
            ("W/\"1\"", 304),
            ("*", 304),
            ("\"0\", \"1\"", 304),
            ("\"2\"", 200),
            ("garbled", 200),
        ] {
            let answer = app
                .call("ann", "GET", &path, &[("if-none-match", condition)], Value::Null)
                .await;
            assert_eq!(answer.status, status, "{condition}");
            assert_eq!(answer.headers["etag"], "\"1\"");
            assert_eq!(answer.body.is_null(), status == 304);
        }
    });
}

#[test]
fn a_create_sent_twice_makes_one_memo() {
    on_both_kinds(|app| async move {
        let post = async |key: &str, text: &str| {
            app.call(
                "ann",
                "POST",
                "/api/memos",
                &[("idempotency-key", key)],
                json!({"text": text}),
            )
            .await
        };
        let (first, second) = (post("k1", "once").await, post("k1", "once").await);
        assert_eq!(
            (first.status, second.status),
            (StatusCode::CREATED, StatusCode::CREATED)
        );
        assert_eq!(first.body, second.body);
        let other_text = post("k1", "twice").await;
        assert_eq!(other_text.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(other_text.body["type"], "/problems#idempotency-key-reused");
        assert_eq!(post("k2", "once").await.status, StatusCode::CREATED);
        assert_eq!(app.all_texts("ann", 10).await, ["once", "once"]);

        app.remove("ann", &first.text("id")).await;
        assert_eq!(
            post("k1", "once").await.status,
            StatusCode::NOT_FOUND,
            "deleted, it must not come back"
        );
        assert_eq!(post("", "x").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(post(&"k".repeat(129), "x").await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn an_idempotency_key_stands_for_everything_that_the_memo_is_made_of() {
    on_both_kinds(|app| async move {
        let post = async |body: Value| {
            let key = [("idempotency-key", "key")];
            app.call("ann", "POST", "/api/memos", &key, body).await
        };
        let full = json!({"text": "a", "pinned": true, "archived": true, "created_at": "2020-01-01T00:00:00Z"});
        let first = post(full.clone()).await;
        assert_eq!(first.status, StatusCode::CREATED);
        for (field, other) in [
            ("text", json!("b")),
            ("pinned", json!(false)),
            ("archived", json!(false)),
            ("created_at", json!("2020-01-01T00:00:01Z")),
            ("created_at", Value::Null),
        ] {
            let mut body = full.clone();
            body[field] = other;
            assert_eq!(
                post(body).await.body["type"],
                "/problems#idempotency-key-reused",
                "{field}"
            );
        }
        // It is the content that counts, however it is written.
        let mut same = full;
        same["created_at"] = json!("2020-01-01T09:00:00.000+09:00");
        assert_eq!(post(same).await.body, first.body);
        assert_eq!(app.memos("ann", "state=all").await.len(), 1);
    });
}

#[test]
fn bad_input_is_named_and_changes_nothing() {
    on_both_kinds(|app| async move {
        app.write("ann", "kept").await;
        let post = async |content_type: &str, body: &str| {
            let request = http::Request::post("/api/memos")
                .header("authorization", format!("Bearer {}", app.token("ann")))
                .header("content-type", content_type)
                .body(axum::body::Body::from(body.to_owned()))
                .unwrap();
            app.send(request).await
        };
        let json = "application/json; charset=utf-8";
        let deep = format!("{{\"text\":{}", "[".repeat(1000));
        let long = json!({"text": "x".repeat(65_537)}).to_string();
        let huge = json!({"text": "x".repeat(1024 * 1024)}).to_string();
        for (content_type, body, status, kind) in [
            (json, "", 400, "invalid-json"),
            (json, "{", 400, "invalid-json"),
            (json, "{\"text\":\"x\"}}", 400, "invalid-json"),
            (json, "{\"text\":\"\\ud800\"}", 400, "invalid-json"),
            (json, deep.as_str(), 422, "invalid-request"),
            (json, "[]", 422, "invalid-request"),
            (json, "[\"x\"]", 422, "invalid-request"),
            (json, "[\"x\"", 400, "invalid-json"),
            (json, "{}", 422, "invalid-request"),
            (json, "{\"text\":1}", 422, "invalid-request"),
            (json, "{\"text\":\"x\",\"id\":\"1\"}", 422, "invalid-request"),
            (json, "{\"text\":\"x\",\"text\":\"y\"}", 422, "invalid-request"),
            (json, "{\"text\":\" \"}", 422, "invalid-request"),
            (json, long.as_str(), 422, "invalid-request"),
            (json, huge.as_str(), 413, "body-too-large"),
            ("text/plain", "{\"text\":\"x\"}", 415, "unsupported-media-type"),
        ] {
            let answer = post(content_type, body).await;
            let start: String = body.chars().take(30).collect();
            assert_eq!(answer.status, status, "{start}: {answer:?}");
            assert_eq!(answer.body["type"], format!("/problems#{kind}"), "{start}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.body["errors"].is_array(), kind == "invalid-request", "{start}");
        }
        for query in [
            "limit=0",
            "limit=101",
            "limit=x",
            "limit=1&limit=2",
            "cursor=x",
            "cursor=0",
            "page=2",
        ] {
            let answer = app.get("ann", &format!("/api/memos?{query}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        }
        for path in [
            "/api/memos/x",
            "/api/memos/0",
            "/api/memos/01",
            "/api/memos/2",
            "/api/memos/%ff",
            "/api/memos/1/2",
        ] {
            assert_eq!(app.get("ann", path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let wrong_method = app.call("ann", "PATCH", "/api/memos", &[], Value::Null).await;
        assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(wrong_method.headers["allow"], "GET,HEAD,POST,DELETE");
        assert_eq!(app.all_texts("ann", 10).await, ["kept"]);
    });
}

#[test]
fn answers_carry_a_request_id_and_are_not_stored() {
    run(async {
        let app = TestApp::new();
        let given = app
            .call("ann", "GET", "/api/memos", &[("x-request-id", "abc-1")], Value::Null)
            .await;
        assert_eq!(given.headers["x-request-id"], "abc-1");
        let insane = app
            .call("ann", "GET", "/api/memos", &[("x-request-id", "a b")], Value::Null)
            .await;
        assert_eq!(insane.headers["x-request-id"].len(), 32);
        for answer in [given, insane, app.get("ann", "/api/memos/9").await] {
            assert_eq!(answer.headers["cache-control"], "no-store");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
    });
}
