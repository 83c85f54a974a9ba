//! `PATCH` (RFC 7396), `PUT` and what a memo is made of.

use crate::support::{TestApp, run};
use common::testing::request;
use http::StatusCode;
use serde_json::{Value, json};

/// The fields that a client writes.
fn written(memo: &Value) -> Value {
    json!([memo["text"], memo["pinned"], memo["archived"], memo["trashed_at"]])
}

#[test]
fn a_patch_changes_what_it_names_and_null_takes_away() {
    run(async {
        for app in TestApp::both() {
            let id = app.write("ann", "one #tag").await.text("id");
            let mut version = 0;
            for (patch, expected) in [
                (json!({"pinned": true}), json!(["one #tag", true, false, null])),
                (json!({"archived": true}), json!(["one #tag", true, true, null])),
                (json!({"text": "two"}), json!(["two", true, true, null])),
                (json!({}), json!(["two", true, true, null])),
                (json!({"pinned": null}), json!(["two", false, true, null])),
                (
                    json!({"archived": null, "pinned": true}),
                    json!(["two", true, false, null]),
                ),
                (json!({"trashed_at": null}), json!(["two", true, false, null])),
            ] {
                version += 1;
                app.pass_secs(1);
                let before = app.get("ann", &format!("/api/memos/{id}")).await.body;
                let after = app.patch("ann", &id, version, patch.clone()).await;
                assert_eq!(written(&after), expected, "{patch}");
                assert_eq!(after["created_at"], before["created_at"]);
                // It is the text's time.
                let is_other_text = after["text"] != before["text"];
                assert_eq!(after["updated_at"] != before["updated_at"], is_other_text, "{patch}");
                assert_eq!(app.get("ann", &format!("/api/memos/{id}")).await.body, after);
            }
        }
    });
}

#[test]
fn a_patch_that_makes_no_sense_is_refused_by_name() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "one").await.text("id");
        let now = app.ports.clock.now().to_rfc3339();
        for (patch, field) in [
            (json!({"text": null}), "text"),
            (json!({"text": " "}), "text"),
            (json!({"text": ["one"]}), "text"),
            (json!({"pinned": "yes"}), "pinned"),
            (json!({"archived": 1}), "archived"),
            (json!({"trashed_at": now}), "trashed_at"),
            (json!({"trashed_at": false}), "trashed_at"),
            (json!({"tags": ["a"]}), "tags"),
            (json!({"id": "2"}), "id"),
            (json!({"version": 7}), "version"),
            (json!({"created_at": now}), "created_at"),
            (json!([]), "."),
            (json!("text"), "."),
        ] {
            let refused = app.change("ann", "PATCH", &id, 1, patch.clone()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{patch}: {refused:?}");
            let named = &refused.body["errors"][0]["field"];
            assert!(*named == json!(field) || *named == json!("."), "{patch}: {refused:?}");
        }
        assert_eq!(app.get("ann", &format!("/api/memos/{id}")).await.body["version"], 1);
    });
}

#[test]
fn a_patch_is_a_merge_patch_or_plain_json() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "one").await.text("id");
        let token = format!("Bearer {}", app.token("ann"));
        let send = async |method: &str, content_type: &str| {
            let headers = [
                ("authorization", token.as_str()),
                ("if-match", "*"),
                ("content-type", content_type),
            ];
            let path = format!("/api/memos/{id}");
            app.send(request(method, &path, &headers, "{\"text\":\"two\"}"))
                .await
                .status
        };
        for good in [
            "application/merge-patch+json",
            "Application/Merge-Patch+JSON; charset=utf-8",
            "application/json",
        ] {
            assert_eq!(send("PATCH", good).await, StatusCode::OK, "{good}");
        }
        for wrong in [
            "application/json-patch+json",
            "text/plain",
            "",
            "application/merge-patch",
        ] {
            assert_eq!(
                send("PATCH", wrong).await,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{wrong}"
            );
        }
        assert_eq!(
            send("PUT", "application/merge-patch+json").await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
    });
}

#[test]
fn what_a_put_leaves_out_stays_but_for_the_text() {
    run(async {
        for app in TestApp::both() {
            let body = json!({"text": "one", "pinned": true, "archived": true});
            let made = app.call("ann", "POST", "/api/memos", &[], body).await.body;
            assert_eq!(written(&made), json!(["one", true, true, null]));
            let id = made["id"].as_str().unwrap();
            let put = async |version, body: Value| app.change("ann", "PUT", id, version, body).await;
            assert_eq!(
                written(&put(1, json!({"text": "two"})).await.body),
                json!(["two", true, true, null])
            );
            let unpinned = put(2, json!({"text": "two", "pinned": false})).await.body;
            assert_eq!(written(&unpinned), json!(["two", false, true, null]));
            for wrong in [
                json!({"pinned": true}),
                json!({"text": null}),
                json!({"text": "x", "trashed_at": null}),
            ] {
                assert_eq!(
                    put(3, wrong.clone()).await.status,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "{wrong}"
                );
            }
        }
    });
}

#[test]
fn a_memo_may_have_been_written_elsewhere_and_earlier() {
    run(async {
        for app in TestApp::both() {
            let post = async |created_at: Value| {
                let body = json!({"text": "from elsewhere", "created_at": created_at});
                app.call("ann", "POST", "/api/memos", &[], body).await
            };
            let made = post(json!("2001-02-03T04:05:06+09:00")).await.body;
            let then = json!("2001-02-02T19:05:06.000Z");
            assert_eq!((&made["created_at"], &made["updated_at"]), (&then, &then));
            let read = app
                .get("ann", &format!("/api/memos/{}", made["id"].as_str().unwrap()))
                .await;
            assert_eq!(read.body, made);
            let now = app.ports.clock.now();
            assert_eq!(post(Value::Null).await.body["created_at"], now.to_rfc3339());

            let day = std::time::Duration::from_secs(24 * 60 * 60);
            let moment = std::time::Duration::from_millis(1);
            assert_eq!(post(json!((now + day).to_rfc3339())).await.status, StatusCode::CREATED);
            for wrong in [
                json!((now + day + moment).to_rfc3339()),
                json!("yesterday"),
                json!(0),
                json!("1969-12-31T23:59:59Z"),
            ] {
                let refused = post(wrong.clone()).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
                assert_eq!(refused.body["errors"][0]["field"], "created_at", "{wrong}");
            }
        }
    });
}

#[test]
fn a_memo_has_the_tags_of_its_text() {
    run(async {
        for app in TestApp::both() {
            let made = app.write("ann", "#B then #a/c and #b again").await.body;
            assert_eq!(made["tags"], json!(["b", "a/c"]));
            let id = made["id"].as_str().unwrap();
            assert_eq!(
                app.patch("ann", id, 1, json!({"text": "`#code`"})).await["tags"],
                json!([])
            );
        }
    });
}

#[test]
fn head_and_options_are_known_on_every_route() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "one").await.text("id");
        let one = format!("/api/memos/{id}");
        for (path, allowed) in [
            ("/api/memos", "GET,HEAD,POST,DELETE"),
            (one.as_str(), "GET,HEAD,PUT,PATCH,DELETE"),
            ("/api/memos/tags", "GET,HEAD"),
            ("/api/memos/changes", "GET,HEAD"),
            ("/api/memos/batch", "POST"),
            ("/api/memos/trash", "DELETE"),
            ("/api/memos/maintenance", "POST"),
            (&format!("{one}/restore"), "POST"),
            (&format!("{one}/versions"), "GET,HEAD"),
            (&format!("{one}/versions/1"), "GET,HEAD"),
            (&format!("{one}/versions/1/restore"), "POST"),
        ] {
            let options = app.call("ann", "OPTIONS", path, &[], Value::Null).await;
            assert_eq!(
                (options.status, options.header("allow")),
                (StatusCode::NO_CONTENT, allowed),
                "{path}"
            );
            // Nobody has to be signed in to ask.
            assert_eq!(
                app.send(request("OPTIONS", path, &[], "")).await.status,
                StatusCode::NO_CONTENT
            );
            let other = app.call("ann", "TRACE", path, &[], Value::Null).await;
            assert_eq!(
                (other.status, other.header("allow")),
                (StatusCode::METHOD_NOT_ALLOWED, allowed),
                "{path}"
            );
            if allowed.contains("HEAD") {
                let (get, head) = (
                    app.get("ann", path).await,
                    app.call("ann", "HEAD", path, &[], Value::Null).await,
                );
                assert_eq!((head.status, &head.body), (StatusCode::OK, &Value::Null), "{path}");
                assert_eq!(head.header("etag"), get.header("etag"));
                assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
            }
        }
    });
}
