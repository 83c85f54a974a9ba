//! What requests cost, in store operations.

use std::sync::Arc;

use crate::support::TestApp;
use common::{
    testing::{Calls, CountingKv, EPOCH, run},
    world::clock::Clock,
};
use http::StatusCode;
use memo_component::catalog::{due, page::WALK_MAX, quota::Limits, skip::SETTLED};
use serde_json::{Value, json};

/// The service over a counting store; the user's token is known already.
struct Meter {
    app: TestApp,
    store: Arc<CountingKv>,
}

impl Meter {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let store = Arc::new(CountingKv::default());
        let meter = Self {
            app: TestApp::with_limits(store.clone(), limits),
            store,
        };
        // The first cursor of an instance costs the reading of their key.
        meter.get("/api/memos/changes");
        meter
    }

    fn get(&self, path: &str) -> (Calls, Value) {
        self.expect(StatusCode::OK, "GET", path, &[], Value::Null)
    }

    /// A change of the memo 1, which is at `version`.
    fn change(&self, status: StatusCode, method: &str, version: u64, body: Value) -> Calls {
        let tag = format!("\"{version}\"");
        self.expect(status, method, "/api/memos/1", &[("if-match", &tag)], body)
            .0
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
        self.write("a memo")
    }

    fn write(&self, text: &str) -> Calls {
        let body = json!({"text": text});
        self.expect(StatusCode::CREATED, "POST", "/api/memos", &[], body).0
    }

    /// Removes a memo for good.
    fn remove(&self, id: usize) {
        run(self.app.remove("ann", &id.to_string()));
    }

    /// Goes through all pages, as somebody does who scrolls to the end.
    fn walk(&self, limit: usize) {
        let mut path = format!("/api/memos?limit={limit}");
        while let (_, Value::String(cursor)) = {
            let (calls, body) = self.get(&path);
            (calls, body["next_cursor"].clone())
        } {
            path = format!("/api/memos?limit={limit}&cursor={cursor}");
        }
    }

    /// What a page costs, and how many memos it has.
    fn page(&self, limit: usize) -> (Calls, usize) {
        let path = format!("/api/memos?limit={limit}");
        let (calls, body) = self.get(&path);
        (calls, body["items"].as_array().unwrap().len())
    }
}

/// What only reads.
fn reads(get: usize) -> Calls {
    Calls {
        get,
        ..Calls::default()
    }
}

/// What a claimed change costs at least: raising the flag and lowering it, looking at its neighbours, reading the record.
const CLAIM: Calls = Calls {
    get: 1,
    exists: 2,
    increment: 1,
    delete: 1,
    set: 0,
    keys: 0,
};

/// A change as most are: the claim, its number and its entry in the log, and the memo.
const CHANGE: Calls = Calls {
    increment: 2,
    set: 2,
    ..CLAIM
};

#[test]
fn a_read_is_one_get() {
    let meter = Meter::new();
    meter.create();
    assert_eq!(meter.get("/api/memos/1").0, reads(1));
}

#[test]
fn a_create_is_one_increment_and_one_set() {
    let expected = Calls {
        increment: 1,
        set: 1,
        ..Calls::default()
    };
    assert_eq!(Meter::new().create(), expected);
}

#[test]
fn a_create_with_a_key_is_noted_under_a_claim_and_in_the_list_of_what_is_due() {
    let meter = Meter::new();
    let once = || {
        let body = json!({"text": "a memo"});
        let key = [("idempotency-key", "key")];
        meter.expect(StatusCode::CREATED, "POST", "/api/memos", &key, body).0
    };
    // The record and the mark "made"; the entry of what is due; the memo.
    let expected = Calls {
        get: 2,
        increment: 3,
        set: 4,
        ..CLAIM
    };
    assert_eq!(once(), expected);
    assert_eq!(once(), reads(2), "sent again, it finds the record and the memo");
}

#[test]
fn an_edit_is_at_most_six_writes_and_four_reads() {
    let meter = Meter::new();
    meter.create();
    let edit = |status, version, body| meter.change(status, "PATCH", version, body);
    // The text was written this moment: it is folded away.
    assert_eq!(edit(StatusCode::OK, 1, json!({"text": "a memory"})), CHANGE);
    meter.app.pass_secs(60);
    let kept = Calls {
        get: 2,
        set: 3,
        ..CHANGE
    };
    assert_eq!(edit(StatusCode::OK, 2, json!({"text": "another"})), kept);
    assert!(kept.writes() <= 6 && kept.reads() <= 4);
    assert_eq!(edit(StatusCode::OK, 3, json!({"pinned": true})), CHANGE);
    assert_eq!(
        edit(StatusCode::PRECONDITION_FAILED, 3, json!({"pinned": false})),
        CLAIM
    );
}

#[test]
fn growth_looks_at_both_counters_and_takes_back_what_a_quota_refuses() {
    let meter = Meter::with(Limits {
        max_bytes: 4 * 1024,
        ..Limits::default()
    });
    for _ in 0..3 {
        meter.create();
    }
    let grow = |status, kib: usize| {
        let body = json!({"text": "x".repeat(kib * 1024)});
        meter.change(status, "PUT", 1, body)
    };
    // The earlier text is looked for in either case, because it is worth keeping.
    let expected = Calls {
        get: 2,
        increment: 4,
        ..CLAIM
    };
    assert_eq!(grow(StatusCode::FORBIDDEN, 3), expected);
    let expected = Calls {
        get: 2,
        increment: 3,
        set: 3,
        ..CHANGE
    };
    assert_eq!(grow(StatusCode::OK, 2), expected);
    // A create looks at the second counter where more than the half is used, and gives back.
    let body = json!({"text": "a memo"});
    let (refused, _) = meter.expect(StatusCode::FORBIDDEN, "POST", "/api/memos", &[], body);
    let expected = Calls {
        increment: 3,
        ..Calls::default()
    };
    assert_eq!(refused, expected);
}

#[test]
fn who_loses_a_claim_notes_the_flag_that_may_stay_behind() {
    let meter = Meter::new();
    meter.create();
    let flag = format!("memo/ann/1/claim/1/{}", meter.app.clock.now().0 / 30_000);
    run(meter.app.kv.increment(&flag, 1)).unwrap();
    let expected = Calls {
        get: 1,
        increment: 2,
        set: 1,
        ..Calls::default()
    };
    assert_eq!(
        meter.change(StatusCode::CONFLICT, "PUT", 1, json!({"text": "x"})),
        expected
    );
}

#[test]
fn the_trash_costs_a_change_each_way_and_a_purge_gives_back() {
    let meter = Meter::new();
    meter.create();
    let restore = || {
        meter
            .expect(StatusCode::OK, "POST", "/api/memos/1/restore", &[], Value::Null)
            .0
    };
    // The entry of what is due comes on top.
    let trashed = Calls {
        increment: 3,
        set: 3,
        ..CHANGE
    };
    assert_eq!(meter.change(StatusCode::NO_CONTENT, "DELETE", 1, Value::Null), trashed);
    assert_eq!(
        meter.change(StatusCode::CONFLICT, "PUT", 2, json!({"text": "x"})),
        CLAIM
    );
    let read_first = Calls { get: 2, ..CHANGE };
    assert_eq!(restore(), read_first);
    assert_eq!(restore(), reads(1), "it is not in the trash");
    meter.change(StatusCode::NO_CONTENT, "DELETE", 3, Value::Null);
    let purged = Calls {
        increment: 3,
        set: 1,
        delete: 3,
        ..CLAIM
    };
    assert_eq!(meter.change(StatusCode::NO_CONTENT, "DELETE", 4, Value::Null), purged);
}

#[test]
fn earlier_texts_are_one_record() {
    let meter = Meter::new();
    meter.create();
    for version in 1..=5 {
        meter.app.pass_secs(60);
        meter.change(
            StatusCode::OK,
            "PUT",
            version,
            json!({"text": format!("text {version}")}),
        );
    }
    let (calls, body) = meter.get("/api/memos/1/versions");
    assert_eq!((calls, body["items"].as_array().unwrap().len()), (reads(2), 5));
    assert_eq!(meter.get("/api/memos/1/versions/2").0, reads(2));
    meter.app.pass_secs(60);
    let path = "/api/memos/1/versions/2/restore";
    let (calls, _) = meter.expect(StatusCode::OK, "POST", path, &[], Value::Null);
    let expected = Calls {
        get: 5,
        set: 3,
        ..CHANGE
    };
    assert_eq!(calls, expected, "the version, the memo, and a change that keeps a text");
}

#[test]
fn a_link_is_three_reads_for_who_opens_it_and_none_for_who_owns_the_memo() {
    let meter = Meter::new();
    meter.create();
    meter.app.pass_secs(1);
    let (calls, made) = meter.expect(StatusCode::CREATED, "POST", "/api/memos/1/shares", &[], json!({}));
    // The memo, and the list that it is added to; whose link it is; the entry of what is due.
    let expected = Calls {
        get: 3,
        increment: 2,
        set: 3,
        ..CLAIM
    };
    assert_eq!(calls, expected);
    let [token, id] = ["token", "id"].map(|field| made[field].as_str().unwrap());
    let accept = [("accept", "application/json")];
    let opened = meter.expect(
        StatusCode::OK,
        "GET",
        &format!("/api/shares/{token}"),
        &accept,
        Value::Null,
    );
    assert_eq!(opened.0, reads(3));
    let unknown = "A".repeat(43);
    let nothing = meter.expect(
        StatusCode::NOT_FOUND,
        "GET",
        &format!("/api/shares/{unknown}"),
        &accept,
        Value::Null,
    );
    assert_eq!(nothing.0, reads(1));
    assert_eq!(meter.get("/api/memos/1").0, reads(1), "the owner reads as before");
    assert_eq!(meter.get("/api/memos/1/shares").0, reads(2));
    assert_eq!(meter.get("/api/memos/shares").0, reads(1));
    let path = format!("/api/memos/shares/{id}");
    let revoked = meter.expect(StatusCode::NO_CONTENT, "DELETE", &path, &[], Value::Null);
    let expected = Calls {
        get: 2,
        delete: 2,
        set: 1,
        ..CLAIM
    };
    assert_eq!(revoked.0, expected);
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
    // Ten that are put away are passed over like holes.
    for id in 31..=40 {
        let path = format!("/api/memos/{id}");
        let headers = [("if-match", "\"1\"")];
        meter.expect(StatusCode::OK, "PATCH", &path, &headers, json!({"archived": true}));
    }
    assert_eq!(
        meter.page(40),
        (
            Calls {
                increment: 1,
                ..reads(60)
            },
            40
        )
    );
}

/// Memos that were there before anybody looked: every hundredth has a word and a tag, and is archived.
fn put_many(meter: &Meter, count: usize) {
    for number in 1..=count {
        let is_rare = number % 100 == 0;
        let text = if is_rare { "#rare word" } else { "another" };
        let memo = json!({"text": text, "created_at": EPOCH, "updated_at": EPOCH, "version": 1, "archived": is_rare});
        run(meter.app.kv.set_json(&format!("memo/ann/{number}"), &memo)).unwrap();
    }
    let head = i64::try_from(count).unwrap();
    run(meter.app.kv.increment("memo/ann/seq", head)).unwrap();
}

#[test]
fn the_first_search_reads_all_memos_in_bounded_parts() {
    let meter = Meter::new();
    put_many(&meter, WALK_MAX + 500);
    // The overview reads a part, and as it is not whole, the list walks.
    let (calls, body) = meter.get("/api/memos?q=word&state=all&limit=100");
    assert!(calls.reads() <= 2 * WALK_MAX + 10 && calls.set <= 1, "{calls:?}");
    assert_eq!(body["items"].as_array().unwrap().len(), 20);
    // It is now, and what is looked at is signed.
    let (calls, body) = meter.get("/api/memos?q=word&state=all&limit=100");
    let expected = Calls {
        get: 1 + 500 + 5 + WALK_MAX + 1 + 9,
        set: 1 + 9,
        increment: 12,
        ..Calls::default()
    };
    assert!(
        calls.reads() <= expected.reads() && calls.writes() <= expected.writes(),
        "{calls:?}"
    );
    assert_eq!(body["items"].as_array().unwrap().len(), 20);
}

#[test]
fn a_list_that_passes_over_most_memos_reads_what_it_shows() {
    const MEMOS: usize = 1_500;
    let meter = Meter::new();
    put_many(&meter, MEMOS);
    meter.get("/api/memos?q=word&state=all");
    for query in ["tag=rare&state=all", "state=archived"] {
        for limit in [1, 2, 100] {
            let (calls, body) = meter.get(&format!("/api/memos?{query}&limit={limit}"));
            let found = body["items"].as_array().unwrap().len();
            assert_eq!(found, limit.min(MEMOS / 100));
            // The overview, and eight at a time.
            let expected = Calls {
                increment: 2,
                ..reads(1 + found.next_multiple_of(8).min(MEMOS / 100))
            };
            assert_eq!(calls, expected, "{query} {limit}");
        }
    }
    // A search reads the signatures of 256 memos with one get, those of four such blocks at once, and hardly a memo that
    // it does not show.
    let (calls, body) = meter.get("/api/memos?q=word&state=all&limit=100");
    assert_eq!(body["items"].as_array().unwrap().len(), 15);
    assert!(
        calls.reads() <= 1 + MEMOS.div_ceil(256) + 15 + 5 && calls.writes() == 2,
        "{calls:?}"
    );
}

#[test]
fn a_change_costs_the_next_search_its_news_and_its_memo() {
    const MEMOS: usize = 1_500;
    let meter = Meter::new();
    put_many(&meter, MEMOS);
    let search = || meter.get("/api/memos?q=nowhere&state=all").0;
    search();
    let before = search();
    meter.change(StatusCode::OK, "PUT", 1, json!({"text": "some text"}));
    let after = search();
    // The entry and its memo, once to take them in and once to look for the word.
    let expected = Calls {
        get: before.get + 3,
        increment: before.increment + 2,
        ..before
    };
    assert_eq!(after, expected);
}

#[test]
fn tags_are_read_from_one_record_when_nothing_has_changed() {
    let meter = Meter::new();
    for _ in 0..20 {
        meter.write("#one memo");
    }
    let tags = || meter.get("/api/memos/tags").0;
    tags();
    let unchanged = Calls {
        increment: 2,
        ..reads(1)
    };
    assert_eq!(tags(), unchanged);
    meter.change(StatusCode::OK, "PUT", 1, json!({"text": "#two memo"}));
    // The counts are written anew; the overview after some more changes.
    let after_one_change = Calls {
        increment: 4,
        set: 1,
        ..reads(4)
    };
    assert_eq!(tags(), after_one_change);
    assert_eq!(tags(), unchanged);
}

#[test]
fn the_first_list_of_tags_goes_through_a_bounded_number_of_memos() {
    const MEMOS: usize = 2_100;
    let meter = Meter::new();
    for _ in 0..MEMOS {
        meter.write("#one memo");
    }
    let (calls, body) = meter.get("/api/memos/tags");
    assert_eq!(body, json!({"items": [{"tag": "one", "count": 2_000}], "more": true}));
    assert!(calls.reads() <= 2_010 && calls.writes() <= 2 + 20 * 2 + 2, "{calls:?}");
    let (calls, body) = meter.get("/api/memos/tags");
    assert_eq!(body, json!({"items": [{"tag": "one", "count": MEMOS}], "more": false}));
    assert!(calls.reads() <= 110, "{calls:?}");
}

#[test]
fn the_feed_costs_what_there_is_to_tell() {
    let meter = Meter::new();
    for _ in 0..12 {
        meter.create();
    }
    let next = |since: &str| {
        let (calls, body) = meter.get(&format!("/api/memos/changes{since}"));
        assert_eq!(body["more"], false);
        let told = body["items"].as_array().unwrap().len();
        (calls, told, format!("?since={}", body["next"].as_str().unwrap()))
    };
    let heads = |get| Calls {
        increment: 2,
        ..reads(get)
    };
    // A new reader looks where the log begins.
    let (calls, told, since) = next("");
    assert_eq!((calls, told), (heads(13), 12));
    let (calls, told, since) = next(&since);
    assert_eq!((calls, told), (heads(0), 0), "up to date");
    for id in 1..=10 {
        let path = format!("/api/memos/{id}");
        let headers = [("if-match", "\"1\"")];
        meter.expect(StatusCode::OK, "PATCH", &path, &headers, json!({"pinned": true}));
    }
    let (calls, told, since) = next(&since);
    assert_eq!((calls, told), (heads(20), 10), "each change is an entry and its memo");
    for _ in 0..10 {
        meter.create();
    }
    let (calls, told, _) = next(&since);
    assert_eq!((calls, told), (heads(10), 10), "new memos are told by themselves");
}

#[test]
fn a_batch_of_creates_takes_all_ids_at_once() {
    let meter = Meter::new();
    let operations: Vec<Value> = (0..10)
        .map(|number| json!({"method": "POST", "body": {"text": format!("memo {number}")}}))
        .collect();
    let batch = json!({"operations": operations});
    let (calls, _) = meter.expect(StatusCode::OK, "POST", "/api/memos/batch", &[], batch);
    let expected = Calls {
        increment: 1,
        set: 10,
        ..Calls::default()
    };
    assert_eq!(calls, expected);
}

#[test]
fn a_sweep_costs_its_days_and_its_entries() {
    const DAY: u64 = 24 * 60 * 60;
    let sweep = |trashed: u64| {
        let meter = Meter::new();
        for _ in 0..trashed {
            meter.create();
        }
        for id in 1..=trashed {
            let path = format!("/api/memos/{id}");
            let headers = [("if-match", "\"1\"")];
            meter.expect(StatusCode::NO_CONTENT, "DELETE", &path, &headers, Value::Null);
        }
        let (ports, limits) = (meter.app.ports.clone(), Limits::default());
        // Whoever comes first begins far back, and is today in the end.
        while run(due::sweep(&ports, &limits, 100)).unwrap().more {}
        meter.app.pass_secs(31 * DAY);
        meter.store.take();
        let swept = run(due::sweep(&ports, &limits, 100)).unwrap();
        assert_eq!((swept.removed as u64, swept.more), (trashed, false));
        meter.store.take()
    };
    let (one, two) = (sweep(1), sweep(2));
    let per_entry = |one: usize, two: usize| two - one;
    assert_eq!(
        (
            per_entry(one.get, two.get),
            per_entry(one.exists, two.exists),
            per_entry(one.increment, two.increment),
            per_entry(one.set, two.set),
            per_entry(one.delete, two.delete),
        ),
        // The entry, the memo, and what a purge costs.
        (3, 2, 3, 1, 4)
    );
    // Each day is looked at once, and the list of the one day that has entries is read.
    assert_eq!(one.exists, 32 + 2);
    assert_eq!(one.keys, 0);
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
