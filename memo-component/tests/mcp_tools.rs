//! The tools of `POST /mcp`: what each does, what it is said to do, and what becomes of it when something goes wrong.

use std::{collections::BTreeSet, sync::Arc};

use crate::support::{TestApp, assistant::used, failing::Failing, run};
use common::store::kv::Kv;
use http::StatusCode;
use serde_json::{Value, json};

/// The `type` of a problem.
fn kind(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().trim_start_matches("/problems#")
}

/// The tools as they are told, by name.
async fn told(app: &TestApp) -> Vec<Value> {
    let answer = app.ask("ann", "tools/list", json!({})).await;
    answer.body["result"]["tools"].as_array().unwrap().clone()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// Checks a value against as much of JSON Schema as the descriptions use.
fn conforms(value: &Value, schema: &Value) {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    };
    let right = match &schema["type"] {
        Value::Array(types) => types.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    };
    assert!(right, "{value} is not {schema}");
    if let Some(properties) = schema["properties"].as_object() {
        assert_eq!(schema["additionalProperties"], false);
        let required = schema["required"].as_array().unwrap();
        assert!(
            required.iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "{value}"
        );
        for (name, part) in value.as_object().unwrap() {
            conforms(
                part,
                properties.get(name).unwrap_or_else(|| panic!("{name} is not told of")),
            );
        }
    }
    for part in value.as_array().into_iter().flatten() {
        conforms(part, &schema["items"]);
    }
}

#[test]
fn memos_are_written_found_read_changed_and_put_away() {
    run(async {
        for app in TestApp::both() {
            let created = app
                .tool(
                    "ann",
                    "create_memo",
                    json!({"text": "우유 사기 #장보기", "pinned": true}),
                )
                .await
                .unwrap();
            let id = created["id"].as_str().unwrap().to_owned();
            assert_eq!(
                (&created["tags"], &created["pinned"], &created["version"]),
                (&json!(["장보기"]), &json!(true), &json!(1))
            );
            assert_eq!(
                app.get("ann", &format!("/api/memos/{id}")).await.body,
                created,
                "the API has the same"
            );
            app.write("ann", "something else").await;

            let found = app.tool("ann", "search_memos", json!({"q": "우유"})).await.unwrap();
            assert_eq!(found["items"].as_array().unwrap().len(), 1);
            assert_eq!(
                (&found["items"][0]["id"], &found["items"][0]["is_whole"]),
                (&json!(id), &json!(true))
            );
            assert_eq!(found["items"][0]["excerpt"], "우유 사기 #장보기");
            let tagged = app
                .tool("ann", "search_memos", json!({"tag": "#장보기", "state": "all"}))
                .await
                .unwrap();
            assert_eq!(tagged["items"].as_array().unwrap().len(), 1);
            let tags = app.tool("ann", "list_tags", json!({})).await.unwrap();
            assert_eq!(tags["items"], json!([{"tag": "장보기", "count": 1}]));

            let read = app.tool("ann", "read_memo", json!({"id": id})).await.unwrap();
            assert_eq!(read, created);
            let change = json!({"id": id, "version": 1, "text": "빵 사기", "pinned": null});
            let changed = app.tool("ann", "update_memo", change.clone()).await.unwrap();
            assert_eq!(
                (&changed["text"], &changed["version"], &changed["pinned"]),
                (&json!("빵 사기"), &json!(2), &json!(true))
            );
            let stale = app.tool("ann", "update_memo", change).await.unwrap_err();
            assert_eq!(
                (kind(&stale), &stale["current"]),
                ("stale-version", &changed),
                "it tells what there is"
            );
            let archived = app
                .tool("ann", "update_memo", json!({"id": id, "version": 2, "archived": true}))
                .await
                .unwrap();
            assert_eq!(
                (&archived["archived"], &archived["text"]),
                (&json!(true), &json!("빵 사기"))
            );

            let gone = app
                .tool("ann", "trash_memo", json!({"id": id, "version": 3}))
                .await
                .unwrap();
            assert!(gone["trashed_at"].is_string());
        }
    });
}

#[test]
fn nothing_is_removed_for_good() {
    run(async {
        for app in TestApp::both() {
            let id = app.write("ann", "precious").await.text("id");
            app.tool("ann", "trash_memo", json!({"id": id, "version": 1}))
                .await
                .unwrap();
            for version in [1, 2, 3] {
                let again = app
                    .tool("ann", "trash_memo", json!({"id": id, "version": version}))
                    .await
                    .unwrap_err();
                let expected = if version == 2 { "in-trash" } else { "stale-version" };
                assert_eq!(kind(&again), expected);
            }
            let refused = app
                .tool("ann", "update_memo", json!({"id": id, "version": 2, "text": "x"}))
                .await
                .unwrap_err();
            assert_eq!(kind(&refused), "in-trash");
            let restored = app
                .call("ann", "POST", &format!("/api/memos/{id}/restore"), &[], Value::Null)
                .await;
            assert_eq!(restored.body["text"], "precious");
        }
    });
}

#[test]
fn what_is_told_of_the_tools_is_true() {
    run(async {
        let app = TestApp::new();
        let tools = told(&app).await;
        assert_eq!(tools.len(), 6);
        let long = "가".repeat(600);
        app.write("ann", &format!("{long} #a #b")).await;
        let id = app.write("ann", "two").await.text("id");
        let samples = [
            (
                "search_memos",
                json!({"q": "가", "tag": "a", "state": "active", "limit": 1, "cursor": Value::Null}),
            ),
            ("read_memo", json!({"id": id})),
            ("list_tags", json!({})),
            (
                "create_memo",
                json!({"text": "new", "pinned": true, "idempotency_key": "k"}),
            ),
            (
                "update_memo",
                json!({"id": id, "version": 1, "text": "2", "pinned": true, "archived": true}),
            ),
            ("trash_memo", json!({"id": id, "version": 2})),
        ];
        for (tool, (name, sample)) in tools.iter().zip(samples) {
            assert_eq!(tool["name"], name);
            assert!(tool["title"].as_str().unwrap().len() > 5 && tool["description"].as_str().unwrap().len() > 30);
            let input = &tool["inputSchema"];
            assert_eq!(
                keys(&input["properties"]),
                keys(&sample),
                "{name}: the sample has everything"
            );
            for (property, value) in sample.as_object().unwrap() {
                if !value.is_null() {
                    conforms(value, &input["properties"][property]);
                }
            }
            // What is not told of is refused, as is what lacks something that is needed.
            let mut more = sample.clone();
            more["surprise"] = json!(1);
            assert_eq!(
                kind(&app.tool("ann", name, more).await.unwrap_err()),
                "invalid-request",
                "{name}"
            );
            for required in input["required"].as_array().unwrap() {
                let mut less = sample.clone();
                less.as_object_mut().unwrap().remove(required.as_str().unwrap());
                assert_eq!(
                    kind(&app.tool("ann", name, less).await.unwrap_err()),
                    "invalid-request",
                    "{name} {required}"
                );
            }
            let said = app.tool("ann", name, sample).await.unwrap();
            conforms(&said, &tool["outputSchema"]);
            let hints = &tool["annotations"];
            let changes = matches!(name, "update_memo" | "trash_memo");
            let reads = matches!(name, "search_memos" | "read_memo" | "list_tags");
            assert_eq!(
                (&hints["readOnlyHint"], &hints["destructiveHint"]),
                (&json!(reads), &json!(changes)),
                "{name}"
            );
            assert_eq!(
                (&hints["idempotentHint"], &hints["openWorldHint"]),
                (&json!(name != "create_memo"), &json!(false))
            );
        }
        let found = app.tool("ann", "search_memos", json!({"q": "가"})).await.unwrap();
        let excerpt = found["items"][0]["excerpt"].as_str().unwrap();
        assert_eq!(
            (excerpt.chars().count(), &found["items"][0]["is_whole"]),
            (500, &json!(false))
        );
    });
}

#[test]
fn a_search_goes_on_where_it_stopped() {
    run(async {
        for app in TestApp::both() {
            for number in 0..7 {
                app.write("ann", &format!("number {number}")).await;
                app.pass_secs(1);
            }
            let (mut texts, mut cursor) = (Vec::new(), Value::Null);
            for _ in 0..10 {
                let page = app
                    .tool("ann", "search_memos", json!({"limit": 3, "cursor": cursor}))
                    .await
                    .unwrap();
                let items = page["items"].as_array().unwrap();
                texts.extend(items.iter().map(|item| item["excerpt"].as_str().unwrap().to_owned()));
                cursor = page["next_cursor"].clone();
                if cursor.is_null() {
                    break;
                }
                let theirs = app
                    .tool("bob", "search_memos", json!({"limit": 3, "cursor": cursor}))
                    .await;
                assert_eq!(
                    kind(&theirs.unwrap_err()),
                    "invalid-request",
                    "a cursor is one person's"
                );
            }
            assert_eq!(texts, app.all_texts("ann", 100).await);
        }
    });
}

#[test]
fn another_persons_memos_are_not_there() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "private #secret").await.text("id");
        let tries = [
            ("read_memo", json!({"id": id})),
            ("update_memo", json!({"id": id, "version": 1, "text": "mine"})),
            ("trash_memo", json!({"id": id, "version": 1})),
        ];
        for (name, arguments) in tries {
            let theirs = app.tool("bob", name, arguments.clone()).await.unwrap_err();
            let mut nobodys = arguments;
            nobodys["id"] = json!("4711");
            let nobodys = app.tool("bob", name, nobodys).await.unwrap_err();
            assert_eq!(kind(&theirs), "not-found", "{name}");
            assert_eq!(theirs, nobodys, "it looks the same as what nobody has");
        }
        assert_eq!(
            app.tool("bob", "search_memos", json!({"state": "all"})).await.unwrap()["items"],
            json!([])
        );
        assert_eq!(
            app.tool("bob", "list_tags", json!({})).await.unwrap()["items"],
            json!([])
        );
        assert_eq!(app.all_texts("ann", 10).await, ["private #secret"]);
    });
}

#[test]
fn wrong_arguments_are_told_to_the_model() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "kept").await.text("id");
        for (name, arguments, expected) in [
            ("search_memos", json!([]), "invalid-request"),
            ("search_memos", json!("x"), "invalid-request"),
            ("search_memos", Value::Null, "invalid-request"),
            ("search_memos", json!({"limit": 0}), "invalid-request"),
            ("search_memos", json!({"limit": 101}), "invalid-request"),
            ("search_memos", json!({"limit": -1}), "invalid-request"),
            ("search_memos", json!({"limit": "10"}), "invalid-request"),
            ("search_memos", json!({"state": "gone"}), "invalid-request"),
            ("search_memos", json!({"tag": ""}), "invalid-request"),
            ("search_memos", json!({"cursor": "x"}), "invalid-request"),
            (
                "search_memos",
                json!({"cursor": "x".repeat(100_000)}),
                "invalid-request",
            ),
            ("search_memos", json!({"q": "x ".repeat(10_000)}), "invalid-request"),
            ("read_memo", json!({"id": 1}), "invalid-request"),
            ("read_memo", json!({"id": "../1"}), "not-found"),
            ("read_memo", json!({"id": "0"}), "not-found"),
            ("create_memo", json!({"text": " "}), "invalid-request"),
            ("create_memo", json!({"text": "x".repeat(65_537)}), "invalid-request"),
            (
                "create_memo",
                json!({"text": "x", "idempotency_key": ""}),
                "bad-request",
            ),
            ("create_memo", json!({"text": "x", "archived": true}), "invalid-request"),
            ("update_memo", json!({"id": id, "version": 1}), "invalid-request"),
            (
                "update_memo",
                json!({"id": id, "version": 1, "text": null}),
                "invalid-request",
            ),
            (
                "update_memo",
                json!({"id": id, "version": 1, "text": ""}),
                "invalid-request",
            ),
            (
                "update_memo",
                json!({"id": id, "version": -1, "text": "x"}),
                "invalid-request",
            ),
            (
                "update_memo",
                json!({"id": id, "version": 0, "text": "x"}),
                "stale-version",
            ),
            (
                "update_memo",
                json!({"id": id, "version": u64::MAX, "text": "x"}),
                "stale-version",
            ),
            ("trash_memo", json!({"id": id}), "invalid-request"),
        ] {
            let refused = app.tool("ann", name, arguments.clone()).await;
            let start: String = arguments.to_string().chars().take(60).collect();
            assert_eq!(refused.as_ref().map_err(kind), Err(expected), "{name} {start}");
        }
        // Which tool is meant is the client's business: the model chose from a list.
        for params in [
            json!({}),
            json!({"name": 1}),
            json!({"name": "delete_memo", "arguments": {}}),
        ] {
            let answer = app.ask("ann", "tools/call", params).await;
            assert_eq!(
                (answer.status, &answer.body["error"]["code"]),
                (StatusCode::OK, &json!(-32602))
            );
        }
        assert_eq!(app.texts("ann", "state=all").await, ["kept"]);
    });
}

#[test]
fn a_memo_with_a_key_is_written_once() {
    run(async {
        for app in TestApp::both() {
            let create = json!({"text": "once", "idempotency_key": "key"});
            let first = app.tool("ann", "create_memo", create.clone()).await.unwrap();
            assert_eq!(app.tool("ann", "create_memo", create).await.unwrap(), first);
            let other = json!({"text": "twice", "idempotency_key": "key"});
            assert_eq!(
                kind(&app.tool("ann", "create_memo", other).await.unwrap_err()),
                "idempotency-key-reused"
            );
            // The same key means the same to the API.
            let headers = [("idempotency-key", "key")];
            let posted = app
                .call("ann", "POST", "/api/memos", &headers, json!({"text": "once"}))
                .await;
            assert_eq!(posted.body, first);
            assert_eq!(app.all_texts("ann", 10).await, ["once"]);
        }
    });
}

/// Whatever operation of the store fails, before it is done or after: what was acknowledged is there, and the rest can be tried
/// again.
#[test]
fn a_store_that_fails_loses_nothing_that_was_acknowledged() {
    run(async {
        let mut failed = 0;
        for (is_done, after) in [false, true]
            .into_iter()
            .flat_map(|is_done| (0..12).map(move |after| (is_done, after)))
        {
            let store = Arc::new(Failing::new(is_done));
            let app = TestApp::over(Arc::clone(&store) as Arc<dyn Kv>);
            // Keys and revocations are read before.
            let id = app.write("ann", "first").await.text("id");
            store.after(after);
            let created = app
                .tool("ann", "create_memo", json!({"text": "second", "idempotency_key": "k"}))
                .await;
            let has_failed = store.stop();
            store.after(after);
            let changed = app
                .tool("ann", "update_memo", json!({"id": id, "version": 1, "text": "changed"}))
                .await;
            store.stop();
            for outcome in [&created, &changed] {
                if let Err(problem) = outcome {
                    failed += 1;
                    assert!(matches!(kind(problem), "unavailable" | "conflict"), "{problem}");
                }
            }
            assert!(has_failed || created.is_ok(), "only the store failed");
            app.pass_secs(60 * 60);
            let again = app
                .tool("ann", "create_memo", json!({"text": "second", "idempotency_key": "k"}))
                .await
                .unwrap();
            if let Ok(created) = created {
                assert_eq!(again["id"], created["id"]);
            }
            let now = app.tool("ann", "read_memo", json!({"id": id})).await.unwrap();
            if let Ok(changed) = changed {
                assert_eq!(now, changed);
            }
            let texts = app.all_texts("ann", 10).await;
            assert_eq!(texts.iter().filter(|text| *text == "second").count(), 1, "{texts:?}");
        }
        assert!(failed > 10, "only {failed} failures");
    });
}

#[test]
fn a_failure_in_an_answer_is_in_the_log() {
    use std::sync::Mutex;
    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    run(async {
        let store = Arc::new(Failing::new(false));
        let mut app = TestApp::over(Arc::clone(&store) as Arc<dyn Kv>);
        let id = app.write("ann", "first").await.text("id");
        app.ports.log = |line| LINES.lock().unwrap().push(line.to_owned());
        let app = app.another_instance("");
        app.tool("ann", "read_memo", json!({"id": id})).await.unwrap();
        store.after(0);
        let answer = app
            .ask(
                "ann",
                "tools/call",
                json!({"name": "read_memo", "arguments": {"id": id}}),
            )
            .await;
        assert_eq!(kind(&used(&answer).unwrap_err()), "unavailable");
        assert!(
            !answer.body.to_string().contains("just this once"),
            "the cause is for the log"
        );
        let lines: Vec<Value> = LINES
            .lock()
            .unwrap()
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let [well, badly] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        assert_eq!(
            (&well["level"], &well["route"], well.get("cause")),
            (&json!("info"), &json!("/mcp"), None)
        );
        assert_eq!((&badly["level"], &badly["status"]), (&json!("error"), &json!(200)));
        assert!(badly["cause"].as_str().unwrap().contains("just this once"));
    });
}
