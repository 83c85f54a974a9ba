//! The stream of events: whoever listens is told what the feed tells, as it happens, and pays little while nothing does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::support::{TestApp, run};
use axum::body::{Body, BodyDataStream};
use common::{
    testing::{Calls, CountingKv, respond},
    world::clock::Clock,
};
use fastrand::Rng;
use futures::StreamExt;
use http::{HeaderMap, Request, StatusCode};
use memo_component::catalog::{changes::KEPT, skip::SETTLED};
use serde_json::{Value, json};

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    /// An event `change`: its data.
    Change(Value),
    /// An id, in an event or alone.
    Id(String),
    /// How soon to come back, in milliseconds.
    Retry(u64),
    Heartbeat,
}

/// An open stream.
struct Stream {
    headers: HeaderMap,
    body: BodyDataStream,
}

impl Stream {
    /// Opens a stream of ann's, with a token that is good for so long.
    async fn open(app: &TestApp, query: &str, headers: &[(&str, &str)], seconds: i64) -> Result<Self, StatusCode> {
        let token = app.token_with("ann", "memo-api", seconds);
        let mut request =
            Request::get(format!("/api/memos/events{query}")).header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = respond(&app.router, request.body(Body::empty()).unwrap()).await;
        let (parts, body) = answer.into_parts();
        if parts.status != StatusCode::OK {
            return Err(parts.status);
        }
        assert_eq!(parts.headers["content-type"], "text/event-stream");
        let body = body.into_data_stream();
        let headers = parts.headers;
        Ok(Self { headers, body })
    }

    /// What the stream says next, which is one frame; nothing at its end.
    async fn next(&mut self) -> Option<Vec<Said>> {
        let frame = self.body.next().await?.unwrap();
        let text = std::str::from_utf8(&frame).unwrap();
        assert!(text.ends_with("\n\n"), "{text:?} is not a whole event");
        let lines = text.lines().filter(|line| !line.is_empty() && *line != "event: change");
        let said = lines.map(|line| match line.split_once(':').unwrap() {
            ("data", data) => {
                assert!(text.contains("event: change\n"), "{text:?}");
                Said::Change(serde_json::from_str(data).unwrap())
            }
            ("id", id) => Said::Id(id.trim_start().to_owned()),
            ("retry", time) => Said::Retry(time.trim().parse().unwrap()),
            ("", _) => Said::Heartbeat,
            _ => unreachable!("{line:?}"),
        });
        Some(said.collect())
    }

    /// Everything up to the next heartbeat, or to the end.
    async fn until_quiet(&mut self) -> Vec<Said> {
        let mut all = Vec::new();
        while let Some(said) = self.next().await {
            if said == [Said::Heartbeat] {
                break;
            }
            all.extend(said);
        }
        all
    }
}

/// A new stream from that cursor on.
async fn listen(app: &TestApp, since: Option<&str>) -> Stream {
    let headers: Vec<(&str, &str)> = since.map(|id| ("last-event-id", id)).into_iter().collect();
    Stream::open(app, "", &headers, 600).await.unwrap()
}

/// The ids and versions of the memos that are told.
fn changes(said: &[Said]) -> Vec<(String, u64)> {
    let changes = said.iter().filter_map(|said| match said {
        Said::Change(item) => Some((
            item["id"].as_str().unwrap().to_owned(),
            item["version"].as_u64().unwrap(),
        )),
        _ => None,
    });
    changes.collect()
}

fn last_id(said: &[Said]) -> Option<String> {
    said.iter().rev().find_map(|said| match said {
        Said::Id(id) => Some(id.clone()),
        _ => None,
    })
}

async fn write(app: &TestApp, text: &str) -> String {
    app.write("ann", text).await.text("id")
}

#[test]
fn a_stream_tells_what_the_feed_tells_and_then_what_happens() {
    run(async {
        let app = TestApp::new();
        let (a, b) = (write(&app, "a").await, write(&app, "b").await);
        app.pass(SETTLED);
        let mut stream = listen(&app, None).await;
        assert_eq!(stream.headers["cache-control"], "no-store");
        assert_eq!(stream.headers["x-accel-buffering"], "no");
        let said = stream.until_quiet().await;
        assert!(matches!(said[0], Said::Retry(1_000..=3_000)), "{said:?}");
        let feed = app.get("ann", "/api/memos/changes").await;
        let items = feed.body["items"].as_array().unwrap().clone();
        let told: Vec<Said> = items.into_iter().map(Said::Change).collect();
        let id = last_id(&said).unwrap();
        assert_eq!(said[1..], [told, vec![Said::Id(id)]].concat());

        // A create, a change, and what is gone for good.
        let c = write(&app, "c").await;
        app.patch("ann", &a, 1, json!({"pinned": true})).await;
        app.remove("ann", &b).await;
        let said = stream.until_quiet().await;
        let mut told = changes(&said);
        told.sort();
        assert_eq!(told, [(a, 2), (b.clone(), 3), (c, 1)]);
        let is_gone = |said: &&Said| matches!(said, Said::Change(item) if item["id"] == b.as_str());
        let Some(Said::Change(gone)) = said.iter().find(is_gone) else {
            unreachable!()
        };
        assert_eq!(gone, &json!({"id": b, "version": 3, "deleted": true}));
        // Each reading ends with a cursor.
        assert!(matches!(said.last(), Some(Said::Id(_))), "{said:?}");
    });
}

#[test]
fn the_next_look_tells_what_has_happened() {
    run(async {
        let app = TestApp::new();
        let mut stream = listen(&app, None).await;
        stream.until_quiet().await;
        for text in ["one", "two"] {
            let before = app.clock.now();
            let id = write(&app, text).await;
            assert_eq!(changes(&stream.next().await.unwrap()), [(id, 1)]);
            assert!(app.clock.now().since(before) <= Duration::from_secs(2));
        }
    });
}

#[test]
fn a_stream_goes_on_where_another_one_stopped_and_repeats_nothing() {
    run(async {
        let app = TestApp::new();
        write(&app, "a").await;
        app.pass(SETTLED);
        let mut first = listen(&app, None).await;
        let cursor = last_id(&first.until_quiet().await).unwrap();
        drop(first);
        let b = write(&app, "b").await;
        let mut second = listen(&app, Some(&cursor)).await;
        let said = second.until_quiet().await;
        assert_eq!(changes(&said), [(b.clone(), 1)]);
        let next = last_id(&said).unwrap();
        app.pass(SETTLED);
        // With nothing new there is nothing to say but when to come back.
        let mut third = listen(&app, Some(&next)).await;
        assert!(matches!(third.until_quiet().await[..], [Said::Retry(_)]));
        // The feed's own cursor will do as well, and a browser's own word counts more than the address.
        let query = format!("?since={cursor}");
        let mut by_query = Stream::open(&app, &query, &[], 600).await.unwrap();
        assert_eq!(changes(&by_query.until_quiet().await), [(b, 1)]);
        let headers = [("last-event-id", next.as_str())];
        let mut by_both = Stream::open(&app, &query, &headers, 600).await.unwrap();
        assert_eq!(changes(&by_both.until_quiet().await), []);
        // One that is empty is none.
        let mut anew = Stream::open(&app, "", &[("last-event-id", "")], 600).await.unwrap();
        assert_eq!(changes(&anew.until_quiet().await).len(), 2);
    });
}

#[test]
fn an_idle_stream_costs_two_reads_a_second_and_nothing_else() {
    run(async {
        let store = Arc::new(CountingKv::default());
        let app = TestApp::over(store.clone());
        write(&app, "a").await;
        app.pass(SETTLED);
        let mut stream = listen(&app, None).await;
        stream.until_quiet().await;
        store.take();
        let before = app.clock.now();
        for _ in 0..3 {
            assert_eq!(stream.next().await, Some(vec![Said::Heartbeat]));
        }
        assert_eq!(app.clock.now().since(before), Duration::from_secs(60));
        // And the list of ended sessions every fifteen seconds, which all streams have together.
        let expected = Calls {
            get: 120 + 4,
            set: 4,
            ..Calls::default()
        };
        assert_eq!(store.take(), expected);
        // Who has gone costs nothing more.
        drop(stream);
        app.pass_secs(60);
        assert_eq!(store.take(), Calls::default());
    });
}

#[test]
fn a_stream_ends_after_five_minutes_or_with_its_token() {
    run(async {
        let app = TestApp::new();
        // With the skew of clocks that every request has.
        for (token_lasts, stream_lasts) in [(600, 300), (60, 90)] {
            let began = app.clock.now();
            let mut stream = Stream::open(&app, "", &[], token_lasts).await.unwrap();
            let mut heartbeats = 0;
            while let Some(said) = stream.next().await {
                heartbeats += u64::from(said == [Said::Heartbeat]);
            }
            assert_eq!(app.clock.now().since(began), Duration::from_secs(stream_lasts));
            assert_eq!(heartbeats, (stream_lasts - 1) / 20);
        }
    });
}

#[test]
fn what_was_under_way_is_told_when_it_comes() {
    run(async {
        let app = TestApp::new();
        let a = write(&app, "a").await;
        // An id that is taken, and whose memo is on its way: the counters do not move when it comes.
        let taken = app.kv.increment("memo/ann/seq", 1).await.unwrap();
        let late = (taken & ((1 << 25) - 1)).to_string();
        let mut stream = listen(&app, None).await;
        let said = stream.until_quiet().await;
        assert_eq!(changes(&said), [(a.clone(), 1)]);
        let memo = app.kv.get(&format!("memo/ann/{a}")).await.unwrap().unwrap();
        app.kv.set(&format!("memo/ann/{late}"), &memo).await.unwrap();
        assert_eq!(changes(&stream.next().await.unwrap()), [(late, 1)]);
    });
}

#[test]
fn a_person_has_so_many_streams_at_a_time_and_others_theirs() {
    run(async {
        let app = TestApp::new();
        let mut open = Vec::new();
        for _ in 0..8 {
            open.push(listen(&app, None).await);
        }
        let refused = app.get("ann", "/api/memos/events").await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.header("retry-after"), "20");
        let headed = |user| app.call(user, "HEAD", "/api/memos/events", &[], Value::Null);
        assert_eq!(headed("bob").await.status, StatusCode::OK);
        open.pop();
        // HEAD leaves no stream behind.
        for _ in 0..3 {
            assert_eq!(headed("ann").await.status, StatusCode::OK);
        }
        open.push(listen(&app, None).await);
        assert_eq!(headed("ann").await.status, StatusCode::TOO_MANY_REQUESTS);
    });
}

#[test]
fn what_keeps_the_feed_from_being_read_is_told_by_the_status() {
    run(async {
        let [app, plain] = TestApp::both();
        assert_eq!(
            plain.get("ann", "/api/memos/events").await.status,
            StatusCode::NOT_FOUND
        );
        let nobody = common::testing::request("GET", "/api/memos/events", &[], "");
        assert_eq!(app.send(nobody).await.status, StatusCode::UNAUTHORIZED);
        let refused = app.get("ann", "/api/memos/events?since=x").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.body["errors"][0]["field"], "since");
        let refused = Stream::open(&app, "", &[("last-event-id", "x")], 600).await;
        assert_eq!(refused.err(), Some(StatusCode::UNPROCESSABLE_ENTITY));
        let unknown = app.get("ann", "/api/memos/events?limit=1").await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Bob's cursor is not Ann's.
        let his = app.get("bob", "/api/memos/changes").await.text("next");
        let refused = Stream::open(&app, "", &[("last-event-id", &his)], 600).await;
        assert_eq!(refused.err(), Some(StatusCode::UNPROCESSABLE_ENTITY));
    });
}

#[test]
fn a_stream_ends_when_the_store_fails_and_the_client_is_told_when_it_comes_back() {
    run(async {
        let app = TestApp::new();
        write(&app, "a").await;
        app.pass(SETTLED);
        let mut stream = listen(&app, None).await;
        stream.until_quiet().await;
        // The counter can't be read any more.
        app.kv.set("memo/ann/changes", b"broken").await.unwrap();
        assert_eq!(stream.next().await, None);
        let refused = Stream::open(&app, "", &[], 600).await;
        assert_eq!(refused.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    });
}

#[test]
fn a_cursor_from_before_the_log_begins_has_expired() {
    run(async {
        let app = TestApp::new();
        let id = write(&app, "a").await;
        let cursor = app.get("ann", "/api/memos/changes").await.text("next");
        for version in 1..=128 {
            if version == 71 {
                app.pass(KEPT);
            }
            let pinned = json!({"pinned": version % 2 == 1});
            app.patch("ann", &id, version, pinned).await;
        }
        // Whoever passes by the old entries removes them.
        app.get("ann", "/api/memos/changes").await;
        let refused = Stream::open(&app, "", &[("last-event-id", &cursor)], 600).await;
        assert_eq!(refused.err(), Some(StatusCode::GONE));
    });
}

/// Whatever happens, and wherever streams break off: whoever goes on with the last id that they had knows everything.
#[test]
fn a_listener_that_loses_streams_misses_nothing() {
    for seed in 0..60 {
        run(follow(&mut Rng::with_seed(seed)));
    }
}

async fn follow(rng: &mut Rng) {
    let app = TestApp::new();
    let mut known: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    let mut cursor: Option<String> = None;
    let mut stream = listen(&app, None).await;
    let mut memos: Vec<(String, u64)> = Vec::new();
    for step in 0..80 {
        match rng.u32(0..10) {
            0..=2 => memos.push((write(&app, &format!("memo {step}")).await, 1)),
            3..=5 if !memos.is_empty() => {
                let at = rng.usize(0..memos.len());
                let (id, version) = &mut memos[at];
                app.patch("ann", id, *version, json!({"text": format!("step {step}")}))
                    .await;
                *version += 1;
            }
            6 if !memos.is_empty() => {
                let (id, version) = memos.swap_remove(rng.usize(0..memos.len()));
                app.delete("ann", &id, version).await;
                app.delete("ann", &id, version + 1).await;
            }
            7 => stream = listen(&app, cursor.as_deref()).await,
            8 => app.pass_secs(rng.u64(0..100)),
            _ => {}
        }
        let said = match rng.u32(0..4) {
            0 => stream.until_quiet().await,
            1 => stream.next().await.unwrap_or_default(),
            _ => continue,
        };
        learn(&mut known, &mut cursor, said);
    }
    stream = listen(&app, cursor.as_deref()).await;
    learn(&mut known, &mut cursor, stream.until_quiet().await);
    let mut told: Vec<Value> = known
        .into_values()
        .map(|(_, memo)| memo)
        .filter(|memo| !memo.is_null())
        .collect();
    told.sort_by_key(|memo| std::cmp::Reverse(memo["id"].as_str().unwrap().parse::<u64>().unwrap()));
    assert_eq!(told, app.memos("ann", "state=all").await);
    // After a minute nothing is open, and whoever comes back hears nothing twice.
    app.pass(SETTLED + Duration::from_secs(1));
    let last = listen(&app, cursor.as_deref()).await.until_quiet().await;
    learn(&mut BTreeMap::new(), &mut cursor, last);
    let again = listen(&app, cursor.as_deref()).await.until_quiet().await;
    assert_eq!(changes(&again), []);
}

fn learn(known: &mut BTreeMap<String, (u64, Value)>, cursor: &mut Option<String>, said: Vec<Said>) {
    for said in said {
        match said {
            Said::Id(id) => *cursor = Some(id),
            Said::Change(item) => {
                let version = item["version"].as_u64().unwrap();
                let memo = known.entry(item["id"].as_str().unwrap().to_owned()).or_default();
                if version >= memo.0 {
                    *memo = (version, item["memo"].clone());
                }
            }
            Said::Retry(_) | Said::Heartbeat => {}
        }
    }
}
