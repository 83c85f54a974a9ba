//! What requests cost, in store operations.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use common::testing::{Calls, CountingKv, run};
use http::StatusCode;
use memo_component::catalog::skip::SETTLED;
use serde_json::{Value, json};
use support::TestApp;

/// The service over a counting store; the user's token is known already.
struct Meter {
    app: TestApp,
    store: Arc<CountingKv>,
}

impl Meter {
    fn new() -> Self {
        let store = Arc::new(CountingKv::default());
        let meter = Self {
            app: TestApp::over(store.clone()),
            store,
        };
        meter.expect(StatusCode::NOT_FOUND, "GET", "/api/memos/1", &[], Value::Null);
        meter
    }

    /// What a request costs, and what it answers.
    fn expect(
        &self,
        status: StatusCode,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (Calls, Value) {
        // The support's tokens hold the time; with a new token the cost would hold its verification.
        let warm = self.app.call("ann", "GET", "/api/memos/999999", &[], Value::Null);
        assert_eq!(run(warm).status, StatusCode::NOT_FOUND);
        self.store.take();
        let answer = run(self.app.call("ann", method, path, headers, body));
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        let calls = self.store.take();
        assert_eq!(calls.keys, 0, "{method} {path} scans the store");
        (calls, answer.body)
    }

    fn create(&self) -> Calls {
        self.expect(
            StatusCode::CREATED,
            "POST",
            "/api/memos",
            &[],
            json!({"text": "a memo"}),
        )
        .0
    }

    fn remove(&self, id: usize) -> Calls {
        let path = format!("/api/memos/{id}");
        self.expect(
            StatusCode::NO_CONTENT,
            "DELETE",
            &path,
            &[("if-match", "\"1\"")],
            Value::Null,
        )
        .0
    }

    /// Goes through all pages, as somebody does who scrolls to the end.
    fn walk(&self, limit: usize) {
        let mut path = format!("/api/memos?limit={limit}");
        while let (_, Value::String(cursor)) = {
            let (calls, body) = self.expect(StatusCode::OK, "GET", &path, &[], Value::Null);
            (calls, body["next_cursor"].clone())
        } {
            path = format!("/api/memos?limit={limit}&cursor={cursor}");
        }
    }

    /// What a page costs, and how many memos it has.
    fn page(&self, limit: usize) -> (Calls, usize) {
        let path = format!("/api/memos?limit={limit}");
        let (calls, body) = self.expect(StatusCode::OK, "GET", &path, &[], Value::Null);
        (calls, body["items"].as_array().unwrap().len())
    }
}

#[test]
fn a_read_is_one_get() {
    let meter = Meter::new();
    meter.create();
    let (calls, _) = meter.expect(StatusCode::OK, "GET", "/api/memos/1", &[], Value::Null);
    assert_eq!(
        calls,
        Calls {
            get: 1,
            ..Calls::default()
        }
    );
}

#[test]
fn a_create_is_one_increment_and_one_set() {
    let calls = Meter::new().create();
    let expected = Calls {
        increment: 1,
        set: 1,
        ..Calls::default()
    };
    assert_eq!(calls, expected);
}

#[test]
fn a_change_is_at_most_three_writes_and_three_reads() {
    let meter = Meter::new();
    meter.create();
    let change = |method, status, tag| {
        let body = if method == "PUT" {
            json!({"text": "another"})
        } else {
            Value::Null
        };
        let (calls, _) = meter.expect(status, method, "/api/memos/1", &[("if-match", tag)], body);
        assert!(
            calls.writes() <= 3 && calls.reads() <= 3,
            "{method} {status}: {calls:?}"
        );
    };
    change("PUT", StatusCode::OK, "\"1\"");
    // Refused, it costs no more.
    change("PUT", StatusCode::PRECONDITION_FAILED, "\"1\"");
    change("DELETE", StatusCode::PRECONDITION_FAILED, "\"1\"");
    change("DELETE", StatusCode::NO_CONTENT, "\"2\"");
    change("PUT", StatusCode::NOT_FOUND, "\"2\"");
}

#[test]
fn a_page_costs_its_memos_and_the_holes_between_them() {
    let meter = Meter::new();
    for _ in 0..60 {
        meter.create();
    }
    let page = |memos, gets| {
        let expected = Calls {
            increment: 1,
            get: gets,
            ..Calls::default()
        };
        assert_eq!(meter.page(50), (expected, memos));
    };
    page(50, 50);
    for id in 41..=50 {
        meter.remove(id);
    }
    page(50, 60);
}

#[test]
fn ten_thousand_purged_memos_at_most_double_what_a_page_costs() {
    const OLD: usize = 110;
    const PURGED: usize = 10_000;
    let (unpurged, purged) = (Meter::new(), Meter::new());
    for _ in 0..OLD {
        unpurged.create();
    }
    for _ in 0..OLD + PURGED {
        purged.create();
    }
    for id in OLD + 1..=OLD + PURGED {
        purged.remove(id);
    }
    // Two walks learn where the holes are: one notes the head, one knows later that all below it is settled.
    for _ in 0..2 {
        purged.walk(50);
        purged.app.pass_secs(SETTLED.as_secs());
    }
    for newer in 0..=100 {
        for limit in [1, 2, 3, 5, 10, 16, 17, 30, 31, 32, 33, 50, 100] {
            let (expected, memos) = unpurged.page(limit);
            let (calls, found) = purged.page(limit);
            assert_eq!(found, memos);
            let within = calls.all() <= 2 * expected.all();
            assert!(
                within,
                "a page of {limit} under {newer} newer memos: {calls:?} instead of {expected:?}"
            );
        }
        purged.create();
    }
}
