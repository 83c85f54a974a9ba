//! What exports and imports cost, in store operations.

use std::sync::Arc;

use crate::support::{
    self, TestApp, run,
    transfer::{LINES, counts, export, import},
};
use common::testing::{Calls, CountingKv};
use serde_json::json;

/// Somebody's service over a counting store; their token is known already.
fn counted() -> (TestApp, Arc<CountingKv>) {
    let store = Arc::new(CountingKv::default());
    let app = TestApp::over(store.clone());
    run(app.get("ann", "/api/memos/999999"));
    store.take();
    (app, store)
}

/// Lines of so many memos, each with these members more.
fn lines(count: usize, more: &str) -> Vec<u8> {
    let line = |number: usize| format!("{{\"text\":\"memo {number}\"{more}}}\n");
    (0..count).map(line).collect::<String>().into_bytes()
}

/// What it costs to hold the lease and to let go of it: a claim each, and a look at the lease before.
const LEASE: Calls = Calls {
    get: 3,
    exists: 4,
    increment: 2,
    set: 2,
    delete: 2,
    keys: 0,
};

#[test]
fn an_export_is_a_get_for_each_memo_and_for_each_history() {
    let (app, store) = counted();
    for _ in 0..20 {
        run(app.write("ann", "a memo"));
    }
    app.pass_secs(600);
    for id in ["3", "5", "7"] {
        run(app.patch(
            "ann",
            id,
            1,
            json!({"text": "another text, so that the first one is kept"}),
        ));
    }
    let cost = |query: &str| {
        run(app.get("ann", "/api/memos/999999"));
        store.take();
        run(export(&app, "ann", query));
        store.take()
    };
    let expected = Calls {
        get: 20 + 1,
        increment: 1,
        ..Calls::default()
    };
    assert_eq!(cost(""), expected);
    assert_eq!(cost("?format=markdown"), expected);
    assert_eq!(
        cost("?history=true"),
        Calls {
            get: 20 + 1 + 3,
            ..expected
        }
    );
}

#[test]
fn an_import_is_a_set_for_each_memo_and_an_increment_for_thirty_two() {
    let cost = |count: usize, more: &str| {
        let (app, store) = counted();
        assert_eq!(
            counts(&run(import(&app, "ann", LINES, &lines(count, more)))),
            (count as u64, 0)
        );
        store.take()
    };
    let of = |sets: usize, increments: usize| Calls {
        set: LEASE.set + sets,
        // One by nothing looks at what there is.
        increment: LEASE.increment + 1 + increments,
        ..LEASE
    };
    assert_eq!(cost(1, ""), of(1, 1));
    assert_eq!(cost(32, ""), of(32, 1));
    assert_eq!(cost(100, ""), of(100, 4));
    let history = ",\"history\":[{\"text\":\"x\",\"written_at\":\"2020-01-01T00:00:00Z\"}]";
    assert_eq!(cost(10, history), of(20, 1));
    assert_eq!(cost(10, ",\"trashed_at\":\"2020-01-01T00:00:00Z\""), of(20, 1 + 10));
}

#[test]
fn an_import_of_what_is_there_is_a_get_for_each_memo() {
    let (app, store) = counted();
    run(import(&app, "ann", LINES, &lines(50, "")));
    store.take();
    assert_eq!(counts(&run(import(&app, "ann", LINES, &lines(50, "")))), (0, 50));
    let expected = Calls {
        get: LEASE.get + 50 + 1,
        increment: LEASE.increment + 1,
        ..LEASE
    };
    assert_eq!(store.take(), expected);
}

#[test]
fn an_import_that_is_refused_because_of_another_one_is_a_get() {
    let (app, store) = counted();
    let lease = json!({"version": 1, "until": u64::MAX});
    run(app.world.kv.set("memo/ann/import", lease.to_string().as_bytes())).unwrap();
    store.take();
    let answer = run(support::transfer::import_in(&app, "ann", LINES, &lines(3, ""), 100));
    assert_eq!(answer.status, http::StatusCode::CONFLICT);
    assert_eq!(
        store.take(),
        Calls {
            get: 1,
            ..Calls::default()
        }
    );
}
