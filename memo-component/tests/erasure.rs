//! What is left of a person whose account is being deleted: nothing.

use std::{sync::Arc, time::Duration};

use crate::support::{
    Answer, TestApp, run,
    transfer::{LINES, import},
};
use axum::body::Body;
use common::testing::CountingKv;
use http::{Request, StatusCode};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn erase_once(app: &TestApp, user: &str) -> Answer {
    let token = app.token_for(user, "memo-api", 60, "memos:erase");
    let request = Request::post("/api/memos/erasure").header("authorization", format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Erases everything of a user. Tells in how many steps.
async fn erase(app: &TestApp, user: &str) -> usize {
    for steps in 1.. {
        let erased = erase_once(app, user).await;
        assert_eq!(erased.status, StatusCode::OK, "{erased:?}");
        if erased.body["more"] == json!(false) {
            return steps;
        }
    }
    unreachable!()
}

/// A scheduler comes, again and again while there is more to do.
async fn maintain(app: &TestApp) {
    let limits = memo_component::catalog::quota::Limits::default();
    while memo_component::catalog::due::sweep(&app.ports, &limits, 50)
        .await
        .unwrap()
        .more
    {}
}

/// The keys of a user's records.
async fn keys(app: &TestApp, user: &str) -> Vec<String> {
    let mut keys = app.kv.keys("").await.unwrap();
    keys.retain(|key| key.contains(&format!("/{user}/")));
    keys.sort();
    keys
}

/// The keys at which the user's id is part of the key or of the value.
async fn traces(app: &TestApp, user: &str) -> Vec<String> {
    let mut traces = Vec::new();
    for key in app.kv.keys("").await.unwrap() {
        let value = app.kv.get(&key).await.unwrap().unwrap_or_default();
        if key.contains(user) || String::from_utf8_lossy(&value).contains(user) {
            traces.push(key);
        }
    }
    traces
}

/// Memos of every kind, with all that lies beside memos.
async fn fill(app: &TestApp, user: &str) {
    for number in 0..12 {
        let key = format!("key {number}");
        let headers = [("idempotency-key", key.as_str())];
        let body = json!({"text": format!("memo {number} #a/b 장보기")});
        assert_eq!(
            app.call(user, "POST", "/api/memos", &headers, body).await.status,
            StatusCode::CREATED
        );
    }
    let page = app.get(user, "/api/memos?limit=50").await;
    let ids: Vec<&str> = page.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|memo| memo["id"].as_str().unwrap())
        .collect();
    app.pass_secs(120);
    app.patch(
        user,
        ids[0],
        1,
        json!({"text": "quite another text, which is worth keeping the first for"}),
    )
    .await;
    app.delete(user, ids[1], 1).await;
    app.remove(user, ids[2]).await;
    let line = json!({"text": "imported", "history": [{"text": "before", "written_at": "2020-01-01T00:00:00Z"}]});
    import(app, user, LINES, line.to_string().as_bytes()).await;
    // Caches of all kinds.
    for path in [
        "/api/memos/tags",
        "/api/memos?q=memo",
        "/api/memos?state=trashed",
        "/api/memos/changes",
    ] {
        assert_eq!(app.get(user, path).await.status, StatusCode::OK);
    }
}

#[test]
fn everything_of_one_person_goes_and_nothing_of_another() {
    run(async {
        for app in TestApp::both() {
            fill(&app, "ann").await;
            fill(&app, "bob").await;
            let (before, bobs) = (keys(&app, "ann").await, keys(&app, "bob").await);
            assert!(before.len() > 20, "{before:?}");
            erase(&app, "ann").await;
            assert_eq!(keys(&app, "bob").await, bobs);
            // No text and no cache is left, nor anything that says what there was.
            let mut left = keys(&app, "ann").await;
            left.retain(|key| !key.contains("/idem/"));
            let own = ["memo/ann/changes", "memo/ann/erasure", "memo/ann/seq"];
            let own = if app.kv.has_increment() {
                own.to_vec()
            } else {
                vec![own[1]]
            };
            assert_eq!(left, own);
            assert_eq!(app.get("ann", "/api/memos?state=all").await.body["items"], json!([]));
            // Asked once more, there is nothing to do.
            assert_eq!(erase(&app, "ann").await, 1);
            app.pass(DAY + DAY / 12);
            maintain(&app).await;
            let mut left = keys(&app, "ann").await;
            left.retain(|key| !key.contains("/idem/"));
            assert_eq!(left, [""; 0]);
            // What idempotency keys stood for goes in its own time, and last the entries that name memos in the trash.
            app.pass(8 * DAY);
            maintain(&app).await;
            assert_eq!(keys(&app, "ann").await, [""; 0]);
            app.pass(31 * DAY);
            maintain(&app).await;
            assert_eq!(traces(&app, "ann").await, [""; 0]);
            assert!(traces(&app, "bob").await.len() > 10);
        }
    });
}

#[test]
fn nobody_creates_a_memo_any_more() {
    run(async {
        let app = TestApp::new();
        app.write("ann", "before").await;
        erase(&app, "ann").await;
        let refused = app.write("ann", "after").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let keyed = [("idempotency-key", "key")];
        let refused = app
            .call("ann", "POST", "/api/memos", &keyed, json!({"text": "after"}))
            .await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let create = json!({"operations": [{"method": "POST", "body": {"text": "after"}}]});
        let batch = app.call("ann", "POST", "/api/memos/batch", &[], create).await;
        assert_eq!(batch.body["results"][0]["status"], json!(401), "{batch:?}");
        for path in [
            "/api/memos",
            "/api/memos/changes",
            "/api/memos/tags",
            "/api/memos?q=before",
        ] {
            let answer = app.get("ann", path).await;
            assert_eq!(answer.body["items"], json!([]), "{path}: {answer:?}");
        }
        assert_eq!(app.get("ann", "/api/memos/1").await.status, StatusCode::NOT_FOUND);
        // Others go on.
        assert_eq!(app.write("bob", "a memo").await.status, StatusCode::CREATED);
    });
}

#[test]
fn what_comes_late_goes_on_the_next_day() {
    run(async {
        for app in TestApp::both() {
            for number in 0..40 {
                app.write("ann", &format!("memo {number}")).await;
            }
            let newest = app.get("ann", "/api/memos?limit=1").await.body["items"][0]["id"].clone();
            app.patch("ann", newest.as_str().unwrap(), 1, json!({"pinned": true}))
                .await;
            let id = app.get("ann", "/api/memos?limit=1").await.body["items"][0]["id"].clone();
            let key = format!("memo/ann/{}", id.as_str().unwrap());
            let late = app.kv.get(&key).await.unwrap().unwrap();
            erase(&app, "ann").await;
            // A change that had its claim, with what it writes before; and a reader whose token is still good.
            for key in [
                &key,
                &format!("{key}/history"),
                "memo/ann/change/1",
                "memo/ann/overview",
                "memo/ann/signatures/0",
            ] {
                app.kv.set(key, &late).await.unwrap();
            }
            maintain(&app).await;
            assert!(
                app.kv.exists(&key).await.unwrap(),
                "it went too early, when others may still be late"
            );
            app.pass(DAY + DAY / 12);
            maintain(&app).await;
            assert_eq!(keys(&app, "ann").await, [""; 0]);
        }
    });
}

#[test]
fn a_step_is_bounded_however_much_there_is() {
    run(async {
        let store = Arc::new(CountingKv::default());
        let app = TestApp::over(store.clone());
        app.write("ann", "the first").await;
        // Many ids, most of them long gone, and many changes.
        app.kv.increment("memo/ann/seq", 1_800).await.unwrap();
        app.kv.increment("memo/ann/changes", 1_200 << 24).await.unwrap();
        let mut steps = Vec::new();
        loop {
            store.take();
            let erased = erase_once(&app, "ann").await;
            let calls = store.take();
            assert_eq!(calls.keys, 0, "a scan");
            steps.push(calls.all());
            if erased.body["more"] == Value::Bool(false) {
                break;
            }
        }
        // It begins; four times ids, three times changes, and once the caches.
        assert_eq!(steps.len(), 1 + 4 + 3 + 1, "{steps:?}");
        assert!(steps.iter().all(|calls| *calls <= 1_020), "{steps:?}");
    });
}
