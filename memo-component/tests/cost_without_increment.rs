//! What requests write where the store can't increment: the figures of deploy/akamai/README.md. A platform that takes fifty writes a
//! second of everybody together is used up by them.

use std::sync::Arc;

use crate::support::TestApp;
use common::testing::{CountingKv, run};
use memo_component::catalog::quota::Limits;
use serde_json::{Value, json};

#[test]
fn who_writes_memos_writes_this_often() {
    let store = Arc::new(CountingKv::without_increment());
    let app = TestApp::with_limits(store.clone(), Limits::default());
    let writes = |method: &str, path: &str, headers: &[(&str, &str)], body: Value| {
        // What an instance learns at first is learnt.
        run(app.call("ann", "GET", "/api/memos/changes", &[], Value::Null));
        store.take();
        let answer = run(app.call("ann", method, path, headers, body));
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
        (store.take().writes(), answer.body)
    };
    let (create, memo) = writes("POST", "/api/memos", &[], json!({ "text": "milk" }));
    let path = format!("/api/memos/{}", memo["id"].as_str().unwrap());
    let (edit, _) = writes(
        "PUT",
        &path,
        &[("if-match", "\"1\"")],
        json!({ "text": "milk and bread" }),
    );
    let (pin, _) = writes("PATCH", &path, &[("if-match", "\"2\"")], json!({ "pinned": true }));
    let (trash, _) = writes("DELETE", &path, &[("if-match", "\"3\"")], Value::Null);
    assert_eq!((create, edit, pin, trash), (1, 2, 2, 3));
}
