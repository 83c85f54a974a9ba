//! The feed of changes: whoever follows it has everything in the end, whatever is open, lost or unreadable on the way.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::support::{TestApp, run};
use common::{
    testing::{CountingKv, EPOCH},
    world::clock::Clock,
};
use fastrand::Rng;
use http::StatusCode;
use memo_component::catalog::{changes::KEPT, skip::SETTLED};
use serde_json::{Value, json};

/// Somebody who follows ann's feed.
struct Reader<'a> {
    app: &'a TestApp,
    limit: usize,
    since: Option<String>,
    /// What they were told: the latest version of each memo, and the memo unless it is gone.
    mirror: BTreeMap<String, (u64, Value)>,
}

impl<'a> Reader<'a> {
    fn new(app: &'a TestApp, limit: usize) -> Self {
        Self {
            app,
            limit,
            since: None,
            mirror: BTreeMap::new(),
        }
    }

    /// One request: the ids that it told, and whether there is more.
    async fn read(&mut self) -> (Vec<String>, bool) {
        let mut path = format!("/api/memos/changes?limit={}", self.limit);
        if let Some(since) = &self.since {
            path = format!("{path}&since={since}");
        }
        let answer = self.app.get("ann", &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let items = answer.body["items"].as_array().unwrap();
        assert!(items.len() <= self.limit, "{} of {}", items.len(), self.limit);
        let mut told = Vec::new();
        for item in items {
            let id = item["id"].as_str().unwrap().to_owned();
            let version = item["version"].as_u64().unwrap();
            assert!(!told.contains(&id), "{id} is told twice in one answer");
            assert_eq!(item["deleted"], item["memo"].is_null());
            if !item["memo"].is_null() {
                assert_eq!(
                    (&item["memo"]["id"], &item["memo"]["version"]),
                    (&item["id"], &item["version"])
                );
            }
            told.push(id.clone());
            // What is told twice, or late, is known by its version.
            let known = self.mirror.entry(id).or_default();
            if version >= known.0 {
                *known = (version, item["memo"].clone());
            }
        }
        self.since = Some(answer.text("next"));
        (told, answer.body["more"].as_bool().unwrap())
    }

    /// Reads on as long as there is more at once: the ids that were told.
    async fn read_all(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..1000 {
            let (told, more) = self.read().await;
            all.extend(told);
            if !more {
                return all;
            }
        }
        unreachable!("the feed leads nowhere")
    }

    /// The memos as the reader knows them, newest first, as a listing shows them.
    fn memos(&self) -> Vec<Value> {
        let mut memos: Vec<Value> = self.mirror.values().map(|(_, memo)| memo.clone()).collect();
        memos.retain(|memo| !memo.is_null());
        memos.sort_by_key(|memo| std::cmp::Reverse(memo["id"].as_str().unwrap().parse::<u64>().unwrap()));
        memos
    }

    async fn is_right(&self) {
        assert_eq!(self.memos(), self.app.memos("ann", "state=all").await);
    }
}

async fn write(app: &TestApp, text: &str) -> String {
    app.pass_secs(1);
    app.write("ann", text).await.text("id")
}

/// Waits until nothing that was done before can be under way.
fn settle(app: &TestApp) {
    app.pass(SETTLED + Duration::from_millis(1));
}

#[test]
fn a_reader_is_told_everything_first_and_then_what_happens() {
    run(async {
        for app in TestApp::both() {
            let (a, b) = (write(&app, "a").await, write(&app, "b").await);
            settle(&app);
            let mut reader = Reader::new(&app, 100);
            assert_eq!(reader.read_all().await, [a.clone(), b.clone()]);
            assert_eq!(reader.read_all().await, Vec::<String>::new());

            let c = write(&app, "c").await;
            app.patch("ann", &a, 1, json!({"pinned": true})).await;
            let mut told = reader.read_all().await;
            told.sort();
            assert_eq!(told, [a.clone(), c]);
            reader.is_right().await;
            settle(&app);
            reader.read_all().await;

            // What is in the trash is there, and what is gone is told as gone.
            app.delete("ann", &b, 1).await;
            reader.read_all().await;
            assert!(reader.mirror[&b].1["trashed_at"].is_string());
            app.delete("ann", &b, 2).await;
            reader.read_all().await;
            assert_eq!(reader.mirror[&b], (3, Value::Null));
            reader.is_right().await;
            settle(&app);
            reader.read_all().await;
            assert_eq!(reader.read_all().await, Vec::<String>::new());
        }
    });
}

#[test]
fn whoever_follows_has_everything_in_the_end() {
    run(async {
        for seed in 0..40 {
            for app in TestApp::both() {
                let mut rng = Rng::with_seed(seed);
                let mut readers: Vec<Reader> = Vec::new();
                let mut memos: Vec<(String, u64)> = Vec::new();
                for round in 0..60 {
                    app.pass(Duration::from_millis(rng.u64(1..20_000)));
                    act(&app, &mut rng, &mut memos, round).await;
                    if rng.u8(..8) == 0 {
                        readers.push(Reader::new(&app, rng.usize(1..6)));
                    }
                    for reader in &mut readers {
                        if rng.u8(..3) == 0 {
                            reader.read().await;
                        }
                    }
                }
                for reader in &mut readers {
                    reader.read_all().await;
                    reader.is_right().await;
                }
            }
        }
    });
}

/// Does something to a memo or another.
async fn act(app: &TestApp, rng: &mut Rng, memos: &mut Vec<(String, u64)>, round: usize) {
    if memos.is_empty() || rng.u8(..3) == 0 {
        memos.push((write(app, &format!("memo {round}")).await, 1));
        return;
    }
    let at = rng.usize(..memos.len());
    let (id, version) = memos[at].clone();
    let trashed = app.get("ann", &format!("/api/memos/{id}")).await.body["trashed_at"].is_string();
    match (trashed, rng.bool()) {
        (_, true) => {
            app.delete("ann", &id, version).await;
            if trashed {
                memos.swap_remove(at);
                return;
            }
        }
        (true, false) => drop(app.patch("ann", &id, version, json!({"trashed_at": null})).await),
        (false, false) => drop(
            app.patch("ann", &id, version, json!({"text": format!("edit {round}")}))
                .await,
        ),
    }
    memos[at].1 += 1;
}

#[test]
fn every_limit_gives_the_same_in_the_end() {
    run(async {
        for app in TestApp::both() {
            for number in 0..30 {
                let id = write(&app, &format!("memo {number}")).await;
                match number % 3 {
                    0 => drop(app.patch("ann", &id, 1, json!({"archived": true})).await),
                    1 => app.remove("ann", &id).await,
                    _ => {}
                }
            }
            for limit in [1, 2, 7, 8, 9, 30, 100] {
                let mut reader = Reader::new(&app, limit);
                reader.read_all().await;
                reader.is_right().await;
            }
        }
    });
}

#[test]
fn a_heavy_feed_comes_in_bounded_answers() {
    run(async {
        for app in TestApp::both() {
            for _ in 0..12 {
                write(&app, &"\u{1}".repeat(65_536)).await;
            }
            let mut reader = Reader::new(&app, 100);
            let (told, more) = reader.read().await;
            assert!(told.len() < 12 && more, "{}", told.len());
            reader.read_all().await;
            reader.is_right().await;
        }
    });
}

#[test]
fn a_memo_whose_id_was_taken_earlier_is_told_when_it_comes() {
    run(async {
        let app = TestApp::new();
        // Somebody has taken the id 1 and is about to write the memo.
        app.kv.increment("memo/ann/seq", 1).await.unwrap();
        write(&app, "the second").await;
        let mut reader = Reader::new(&app, 100);
        assert_eq!(reader.read_all().await, ["2"]);
        assert_eq!(reader.read_all().await, Vec::<String>::new());
        app.kv.set_json("memo/ann/1", &old_memo("the first", 1)).await.unwrap();
        assert_eq!(reader.read_all().await, ["1"]);
        assert_eq!(reader.read_all().await, Vec::<String>::new());
        reader.is_right().await;
    });
}

#[test]
fn an_unreadable_memo_hides_no_open_id() {
    run(async {
        let app = TestApp::new();
        write(&app, "an old one").await;
        settle(&app);
        app.kv.increment("memo/ann/seq", 1).await.unwrap();
        let broken = write(&app, "broken").await;
        app.kv.set(&format!("memo/ann/{broken}"), b"no memo").await.unwrap();
        let mut reader = Reader::new(&app, 100);
        assert_eq!(reader.read_all().await, ["1"]);
        app.kv.set_json("memo/ann/2", &old_memo("late", 1)).await.unwrap();
        assert_eq!(reader.read_all().await, ["2"]);
    });
}

/// A memo as it is stored.
fn old_memo(text: &str, version: u64) -> Value {
    json!({"text": text, "created_at": EPOCH, "updated_at": EPOCH, "version": version})
}

#[test]
fn an_id_and_an_entry_are_looked_for_until_they_are_settled() {
    run(async {
        let store = Arc::new(CountingKv::default());
        let app = TestApp::over(store.clone());
        write(&app, "the first").await;
        // An id, and the number of a change, whose requests have stopped.
        app.kv.increment("memo/ann/seq", 1).await.unwrap();
        app.kv.increment("memo/ann/changes", 1 << 24).await.unwrap();
        let mut reader = Reader::new(&app, 100);
        reader.read_all().await;
        for (passed, looked_for) in [
            (Duration::ZERO, 2),
            (SETTLED - Duration::from_millis(1), 2),
            (Duration::from_millis(1), 2),
            (Duration::ZERO, 0),
        ] {
            app.pass(passed);
            app.get("ann", "/api/memos/1").await;
            store.take();
            let token = app.token("ann");
            assert!(!token.is_empty());
            assert_eq!(reader.read_all().await, Vec::<String>::new());
            assert_eq!(store.take().get, looked_for, "after {passed:?}");
        }
    });
}

#[test]
fn a_change_that_was_announced_is_told_when_it_comes() {
    run(async {
        let app = TestApp::new();
        let (id, gone) = (write(&app, "one").await, write(&app, "gone").await);
        settle(&app);
        let mut reader = Reader::new(&app, 100);
        reader.read_all().await;
        // Two changes are under way: their entries are there, and the memos are as they were.
        app.kv.increment("memo/ann/changes", 2 << 24).await.unwrap();
        let now = app.clock.now();
        let edit = json!({"memo": 1, "version": 2, "at": now});
        let removal = json!({"memo": 2, "version": 2, "at": now, "gone": true});
        app.kv.set_json("memo/ann/change/1", &edit).await.unwrap();
        app.kv.set_json("memo/ann/change/2", &removal).await.unwrap();
        assert_eq!(reader.read_all().await, Vec::<String>::new());
        app.kv.set_json("memo/ann/1", &old_memo("two", 2)).await.unwrap();
        assert_eq!(reader.read_all().await, std::slice::from_ref(&id));
        assert_eq!(reader.mirror[&id].1["text"], "two");
        app.kv.delete("memo/ann/2").await.unwrap();
        assert_eq!(reader.read_all().await, std::slice::from_ref(&gone));
        assert_eq!(reader.mirror[&gone], (2, Value::Null));
        assert_eq!(reader.read_all().await, Vec::<String>::new());
    });
}

#[test]
fn a_memo_that_is_gone_is_told_at_the_version_that_removed_it() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "one").await;
            settle(&app);
            let mut reader = Reader::new(&app, 1);
            reader.read_all().await;
            for version in 1..=9 {
                app.pass_secs(1);
                app.patch("ann", &id, version, json!({"pinned": version % 2 == 1}))
                    .await;
            }
            reader.read_all().await;
            app.delete("ann", &id, 10).await;
            app.pass_secs(1);
            app.delete("ann", &id, 11).await;
            // Whoever comes from before all that hears of it once, and as the latest.
            let mut late = Reader::new(&app, 1);
            for reader in [&mut reader, &mut late] {
                reader.read_all().await;
                assert!(reader.mirror.get(&id).is_none_or(|known| *known == (12, Value::Null)));
                reader.is_right().await;
            }
        }
    });
}

#[test]
fn what_can_not_be_read_is_passed_over() {
    run(async {
        for app in TestApp::both() {
            let (first, broken, third) = (
                write(&app, "first").await,
                write(&app, "second").await,
                write(&app, "third").await,
            );
            settle(&app);
            app.kv.set(&format!("memo/ann/{broken}"), b"{\"text\":").await.unwrap();
            let mut reader = Reader::new(&app, 100);
            assert_eq!(reader.read_all().await, [first.clone(), third.clone()]);
            app.patch("ann", &first, 1, json!({"pinned": true})).await;
            let entries = app.kv.keys("memo/ann/change/").await.unwrap();
            app.pass_secs(1);
            app.patch("ann", &third, 1, json!({"pinned": true})).await;
            app.kv.set(&entries[0], b"no entry").await.unwrap();
            assert_eq!(reader.read_all().await, [third]);
        }
    });
}

#[test]
fn a_reader_passes_a_long_run_of_memos_that_are_gone() {
    run(async {
        let app = TestApp::new();
        for _ in 0..200 {
            let id = write(&app, "soon gone").await;
            app.remove("ann", &id).await;
        }
        let id = write(&app, "kept").await;
        settle(&app);
        for limit in [1, 8, 100] {
            let mut reader = Reader::new(&app, limit);
            assert!(reader.read_all().await.contains(&id), "{limit}");
            reader.is_right().await;
        }
    });
}

#[test]
fn a_reader_who_meets_more_open_ids_than_a_cursor_holds_waits_for_them_to_settle() {
    run(async {
        let app = TestApp::new();
        app.kv.increment("memo/ann/seq", 5_000).await.unwrap();
        let young = write(&app, "young").await;
        let mut reader = Reader::new(&app, 100);
        for _ in 0..3 {
            assert_eq!(reader.read().await, (vec![], false));
        }
        settle(&app);
        assert_eq!(reader.read_all().await, [young]);
        reader.is_right().await;
    });
}

#[test]
fn a_reader_passes_a_long_run_of_changes_that_were_never_made() {
    run(async {
        let app = TestApp::new();
        let id = write(&app, "the only one").await;
        settle(&app);
        let mut reader = Reader::new(&app, 100);
        let mut late = Reader::new(&app, 100);
        reader.read_all().await;
        late.read_all().await;
        // Somebody's program has tried again and again to write more than the quota allows.
        app.kv.increment("memo/ann/changes", 500 << 24).await.unwrap();
        app.patch("ann", &id, 1, json!({"pinned": true})).await;
        assert_eq!(reader.read().await, (vec![], false), "they may be under way");
        settle(&app);
        assert_eq!(reader.read_all().await, std::slice::from_ref(&id));
        assert_eq!(late.read_all().await, [id], "the change above them is old");
    });
}

/// Changes the memo 1 until the log has so many entries.
async fn change_until(app: &TestApp, entries: u64) {
    let version = app.get("ann", "/api/memos/1").await.body["version"].as_u64().unwrap();
    for version in version..=entries {
        app.patch("ann", "1", version, json!({"pinned": version % 2 == 0}))
            .await;
    }
}

#[test]
fn whoever_was_away_for_too_long_begins_anew() {
    run(async {
        let app = TestApp::new();
        write(&app, "the only one").await;
        settle(&app);
        let mut away = Reader::new(&app, 100);
        away.read_all().await;
        change_until(&app, 70).await;
        app.pass(KEPT);
        change_until(&app, 128).await;
        // Old enough, they are there until somebody passes by. Sixty-four are removed at once, and the younger ones stay.
        let is_there = async |number: u64| app.kv.exists(&format!("memo/ann/change/{number}")).await.unwrap();
        assert!(is_there(1).await);
        Reader::new(&app, 100).read_all().await;
        assert!(!is_there(1).await && !is_there(64).await && is_there(65).await);
        let since = away.since.clone().unwrap();
        let expired = app.get("ann", &format!("/api/memos/changes?since={since}")).await;
        let kind = &expired.body["type"];
        assert_eq!(
            (expired.status, kind),
            (StatusCode::GONE, &json!("/problems#cursor-expired"))
        );
        let mut anew = Reader::new(&app, 100);
        assert_eq!(anew.read_all().await, ["1"]);
        assert!(!is_there(70).await && is_there(71).await);
        anew.is_right().await;
        // Who was at the new beginning already goes on.
        let mut there = Reader::new(&app, 100);
        there.read_all().await;
        change_until(&app, 192).await;
        there.read_all().await;
        there.is_right().await;
    });
}

#[test]
fn a_number_that_was_lost_does_not_keep_the_log_from_being_cut() {
    run(async {
        let app = TestApp::new();
        write(&app, "the only one").await;
        app.kv.increment("memo/ann/changes", 1 << 24).await.unwrap();
        change_until(&app, 100).await;
        app.pass(KEPT);
        change_until(&app, 127).await;
        assert_eq!(Reader::new(&app, 100).read_all().await, ["1"]);
        assert!(!app.kv.exists("memo/ann/change/2").await.unwrap());
        assert!(app.kv.exists("memo/ann/change/128").await.unwrap());
    });
}

#[test]
fn the_feed_is_its_owners() {
    run(async {
        for app in TestApp::both() {
            write(&app, "ann's").await;
            let bobs = app.get("bob", "/api/memos/changes").await;
            assert_eq!((&bobs.body["items"], &bobs.body["more"]), (&json!([]), &json!(false)));
            for query in ["limit=0", "limit=101", "since=x", "since=", "cursor=x", "before=1"] {
                let refused = app.get("ann", &format!("/api/memos/changes?{query}")).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
            }
        }
    });
}
