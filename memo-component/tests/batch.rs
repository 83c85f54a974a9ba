//! `POST /api/memos/batch`: each operation ends as the request that it stands for would.

use crate::support::{Answer, TestApp, run, slow::slow};
use fastrand::Rng;
use http::StatusCode;
use serde_json::{Value, json};

async fn batch(app: &TestApp, operations: Value) -> Answer {
    let body = json!({"operations": operations});
    app.call("ann", "POST", "/api/memos/batch", &[], body).await
}

/// The results of a batch that is taken.
async fn results(app: &TestApp, operations: Value) -> Vec<Value> {
    let answer = batch(app, operations).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["results"].as_array().unwrap().clone()
}

fn statuses(results: &[Value]) -> Vec<u64> {
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

#[test]
fn operations_on_one_memo_happen_in_their_order() {
    run(async {
        for app in slow() {
            let id = app.write("ann", "one").await.text("id");
            let done = results(
                &app,
                json!([
                    {"method": "PUT", "id": id, "if_match": 1, "body": {"text": "two"}},
                    {"method": "PATCH", "id": id, "if_match": "\"2\"", "body": {"pinned": true}},
                    {"method": "DELETE", "id": id, "if_match": 3},
                    {"method": "PATCH", "id": id, "if_match": 4, "body": {"trashed_at": null}},
                    {"method": "DELETE", "id": id, "if_match": "*"},
                    {"method": "DELETE", "id": id, "if_match": 6},
                    {"method": "DELETE", "id": id, "if_match": 7},
                ]),
            )
            .await;
            assert_eq!(statuses(&done), [200, 200, 204, 200, 204, 204, 404]);
            let versions: Vec<&Value> = done.iter().map(|result| &result["memo"]["version"]).collect();
            assert_eq!(
                versions,
                [
                    &json!(2),
                    &json!(3),
                    &json!(4),
                    &json!(5),
                    &json!(6),
                    &Value::Null,
                    &Value::Null
                ]
            );
            assert_eq!(done[1]["memo"]["text"], "two");
            assert!(done[2]["memo"]["trashed_at"].is_string());
            assert_eq!(
                app.get("ann", &format!("/api/memos/{id}")).await.status,
                StatusCode::NOT_FOUND
            );
        }
    });
}

#[test]
fn one_that_fails_keeps_no_other_from_happening() {
    run(async {
        for app in slow() {
            let (one, two) = (
                app.write("ann", "one").await.text("id"),
                app.write("ann", "two").await.text("id"),
            );
            app.delete("ann", &two, 1).await;
            let before = app.get("ann", &format!("/api/memos/{one}")).await.body;
            let done = results(
                &app,
                json!([
                    {"method": "PATCH", "id": one, "if_match": 7, "body": {"pinned": true}},
                    {"method": "PATCH", "id": two, "if_match": 2, "body": {"pinned": true}},
                    {"method": "PATCH", "id": "999999", "if_match": 1, "body": {"pinned": true}},
                    {"method": "PATCH", "id": "x", "if_match": 1, "body": {"pinned": true}},
                    {"method": "PATCH", "id": one, "body": {"pinned": true}},
                    {"method": "PATCH", "id": one, "if_match": "1", "body": {"pinned": true}},
                    {"method": "PATCH", "id": one, "if_match": 1, "body": {"pinned": "yes"}},
                    {"method": "PUT", "id": one, "if_match": 1, "body": {"pinned": true}},
                    {"method": "PUT", "id": one, "if_match": 1},
                    {"method": "PUT", "id": one, "if_match": 1, "body": ["a list of values"]},
                    {"method": "PUT", "if_match": 1, "body": {"text": "x"}},
                    {"method": "POST", "id": "5", "body": {"text": "x"}},
                    {"method": "POST", "body": {"text": " "}},
                    {"method": "POST", "idempotency_key": "", "body": {"text": "x"}},
                    {"method": "POST", "body": {"text": "three"}},
                    {"method": "PATCH", "id": one, "if_match": 1, "body": {"archived": true}},
                ]),
            )
            .await;
            let expected = [
                412, 409, 404, 404, 428, 400, 422, 422, 422, 422, 404, 422, 422, 400, 201, 200,
            ];
            assert_eq!(statuses(&done), expected, "{done:?}");
            for result in &done[..14] {
                assert_eq!(result["problem"]["status"], result["status"]);
                assert!(
                    result["memo"].is_null() && result["problem"]["type"].is_string(),
                    "{result}"
                );
            }
            assert_eq!(done[0]["problem"]["current"], before);
            assert_eq!(done[1]["problem"]["type"], "/problems#in-trash");
            assert_eq!(done[6]["problem"]["errors"][0]["field"], "pinned");
            assert_eq!(app.texts("ann", "state=active").await, ["three"]);
            assert_eq!(app.texts("ann", "state=archived").await, ["one"]);
        }
    });
}

#[test]
fn a_key_makes_one_memo_within_a_batch_and_outside_of_it() {
    run(async {
        for app in slow() {
            let post =
                |key: &str, text: &str| json!({"method": "POST", "idempotency_key": key, "body": {"text": text}});
            let done = results(
                &app,
                json!([post("a", "one"), post("a", "one"), post("a", "other"), post("b", "one")]),
            )
            .await;
            assert_eq!(statuses(&done), [201, 201, 422, 201]);
            assert_eq!(done[0], done[1]);
            assert_eq!(done[2]["problem"]["type"], "/problems#idempotency-key-reused");
            let again = results(&app, json!([post("b", "one")])).await;
            assert_eq!(again[0], done[3]);
            let alone = app
                .call(
                    "ann",
                    "POST",
                    "/api/memos",
                    &[("idempotency-key", "a")],
                    json!({"text": "one"}),
                )
                .await;
            assert_eq!(alone.body, done[0]["memo"]);
            assert_eq!(app.texts("ann", "").await, ["one", "one"]);
        }
    });
}

#[test]
fn a_batch_that_can_not_be_read_does_nothing() {
    run(async {
        let app = TestApp::new();
        let id = app.write("ann", "one").await.text("id");
        let good = json!({"method": "PATCH", "id": id, "if_match": 1, "body": {"pinned": true}});
        let with = |name: &str, value: Value| {
            let mut operation = good.clone();
            operation[name] = value;
            json!([good, operation])
        };
        for operations in [
            with("method", json!("GET")),
            with("method", json!("patch")),
            with("method", Value::Null),
            with("id", json!(1)),
            with("if_match", json!(-1)),
            with("if_match", json!([1])),
            with("idempotency_key", json!(7)),
            with("path", json!("/api/memos")),
            json!([{}]),
            json!([[]]),
            json!("all"),
            json!(vec![good.clone(); 101]),
        ] {
            let refused = batch(&app, operations.clone()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{operations}");
            assert!(
                refused.body["errors"][0]["field"]
                    .as_str()
                    .unwrap()
                    .starts_with("operations"),
                "{refused:?}"
            );
        }
        for body in [json!({}), json!([]), json!({"operations": [], "atomic": true})] {
            let refused = app.call("ann", "POST", "/api/memos/batch", &[], body.clone()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        }
        let large = json!([{"method": "POST", "body": {"text": "x".repeat(1024 * 1024)}}]);
        assert_eq!(batch(&app, large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(app.memos("ann", "state=all").await[0]["version"], 1);
        assert_eq!(results(&app, json!([])).await, Vec::<Value>::new());
        assert_eq!(results(&app, json!(vec![good; 100])).await.len(), 100);
        assert_eq!(app.memos("ann", "state=all").await[0]["version"], 2);
    });
}

/// Some operation on one of a few memos, at a version that it may or may not be at.
fn operation(rng: &mut Rng) -> Value {
    let (id, version) = (rng.u64(1..6).to_string(), rng.u64(1..6));
    match rng.u8(..6) {
        0 => json!({"method": "POST", "body": {"text": format!("new {version}"), "pinned": rng.bool()}}),
        1 => {
            let key = format!("key {}", rng.u8(..3));
            json!({"method": "POST", "idempotency_key": key, "body": {"text": "with a key"}})
        }
        2 => json!({"method": "PUT", "id": id, "if_match": version, "body": {"text": format!("text {version}")}}),
        3 => json!({"method": "PATCH", "id": id, "if_match": version, "body": {"pinned": rng.bool()}}),
        4 => json!({"method": "PATCH", "id": id, "if_match": version, "body": {"trashed_at": null}}),
        _ => json!({"method": "DELETE", "id": id, "if_match": version}),
    }
}

/// The request that an operation stands for, and what a batch would tell of its answer.
async fn alone(app: &TestApp, operation: &Value) -> (u64, Value) {
    let method = operation["method"].as_str().unwrap();
    let path = operation["id"]
        .as_str()
        .map_or("/api/memos".to_owned(), |id| format!("/api/memos/{id}"));
    let tag = format!("\"{}\"", operation["if_match"]);
    let mut headers = vec![("if-match", tag.as_str())];
    headers.extend(
        operation["idempotency_key"]
            .as_str()
            .map(|key| ("idempotency-key", key)),
    );
    let answer = app
        .call("ann", method, &path, &headers, operation["body"].clone())
        .await;
    (u64::from(answer.status.as_u16()), answer.body)
}

#[test]
fn a_batch_does_what_its_operations_would_do_alone_one_after_the_other() {
    run(async {
        for seed in 0..60 {
            let mut rng = Rng::with_seed(seed);
            let (together, apart) = (TestApp::new(), TestApp::new());
            for app in [&together, &apart] {
                for number in 1..=5 {
                    app.write("ann", &format!("memo {number}")).await;
                }
            }
            let operations: Vec<Value> = (0..40).map(|_| operation(&mut rng)).collect();
            let done = results(&together, json!(operations)).await;
            for (operation, result) in operations.iter().zip(&done) {
                let (status, body) = alone(&apart, operation).await;
                assert_eq!(result["status"], status, "seed {seed}: {operation}");
                let told = if status < 300 {
                    &result["memo"]
                } else {
                    &result["problem"]
                };
                // Alone, a deletion shows no memo.
                if status != 204 {
                    assert_eq!(*told, body, "seed {seed}: {operation}");
                }
            }
            assert_eq!(
                together.memos("ann", "state=all").await,
                apart.memos("ann", "state=all").await
            );
        }
    });
}
