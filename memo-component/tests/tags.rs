//! `GET /api/memos/tags`: an index that is caught up from the feed, and is only a cache.

use std::collections::BTreeMap;

use crate::support::{TestApp, run};
use common::testing::EPOCH;
use fastrand::Rng;
use http::StatusCode;
use memo_component::catalog::{changes::KEPT, skip::SETTLED};
use serde_json::{Value, json};

async fn write(app: &TestApp, text: &str) -> String {
    app.pass_secs(1);
    app.write("ann", text).await.text("id")
}

/// The tags and their counts; asks again while there is more.
async fn tags(app: &TestApp) -> Vec<(String, u64)> {
    for _ in 0..100 {
        let answer = app.get("ann", "/api/memos/tags").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        if answer.body["more"] == true {
            continue;
        }
        let count = |item: &Value| {
            (
                item["tag"].as_str().unwrap().to_owned(),
                item["count"].as_u64().unwrap(),
            )
        };
        return answer.body["items"].as_array().unwrap().iter().map(count).collect();
    }
    unreachable!("it never catches up")
}

/// The same by looking at every memo.
async fn counted(app: &TestApp) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::new();
    for memo in app.memos("ann", "state=active").await {
        for tag in memo["tags"].as_array().unwrap() {
            *counts.entry(tag.as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    counts.into_iter().collect()
}

fn owned(tags: &[(&str, u64)]) -> Vec<(String, u64)> {
    tags.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect()
}

#[test]
fn tags_are_counted_as_they_are_and_sorted() {
    run(async {
        for app in TestApp::both() {
            assert_eq!(tags(&app).await, []);
            let texts = [
                "#b #a #A",
                "#a/b and #a",
                "no tag",
                "#할일 `#code` https://x.example/#c",
            ];
            for text in texts {
                write(&app, text).await;
            }
            app.write("bob", "#bobs").await;
            let expected = owned(&[("a", 2), ("a/b", 1), ("b", 1), ("할일", 1)]);
            assert_eq!(tags(&app).await, expected);
            assert_eq!(tags(&app).await, expected, "from the cache");
            let of_bob = app.get("bob", "/api/memos/tags").await.body;
            assert_eq!(of_bob["items"], json!([{"tag": "bobs", "count": 1}]));
        }
    });
}

#[test]
fn what_is_put_away_does_not_count() {
    run(async {
        for app in TestApp::both() {
            let id = write(&app, "#one #two").await;
            write(&app, "#two").await;
            let (both, two) = (owned(&[("one", 1), ("two", 2)]), owned(&[("two", 1)]));
            assert_eq!(tags(&app).await, both);
            app.patch("ann", &id, 1, json!({"archived": true})).await;
            assert_eq!(tags(&app).await, two);
            app.patch("ann", &id, 2, json!({"archived": false})).await;
            assert_eq!(tags(&app).await, both);
            app.delete("ann", &id, 3).await;
            assert_eq!(tags(&app).await, two);
            app.patch("ann", &id, 4, json!({"trashed_at": null})).await;
            assert_eq!(tags(&app).await, both);
            app.patch("ann", &id, 5, json!({"text": "#three"})).await;
            assert_eq!(tags(&app).await, owned(&[("three", 1), ("two", 1)]));
            app.delete("ann", &id, 6).await;
            app.delete("ann", &id, 7).await;
            assert_eq!(tags(&app).await, two);
        }
    });
}

#[test]
fn the_index_is_always_what_counting_gives() {
    run(async {
        for seed in 0..20 {
            for app in TestApp::both() {
                let mut rng = Rng::with_seed(seed);
                let mut memos: Vec<(String, u64)> = Vec::new();
                for _ in 0..50 {
                    app.pass_secs(rng.u64(1..30));
                    act(&app, &mut rng, &mut memos).await;
                    if rng.u8(..4) == 0 {
                        assert_eq!(tags(&app).await, counted(&app).await, "seed {seed}");
                    }
                    lose_a_cache(&app, &mut rng).await;
                }
                assert_eq!(tags(&app).await, counted(&app).await, "seed {seed}");
            }
        }
    });
}

/// Writes or changes a memo that has some of five tags.
async fn act(app: &TestApp, rng: &mut Rng, memos: &mut Vec<(String, u64)>) {
    let text: Vec<String> = (0..rng.usize(1..4)).map(|_| format!("#tag{}", rng.u8(..5))).collect();
    if memos.is_empty() || rng.u8(..3) == 0 {
        memos.push((write(app, &text.join(" ")).await, 1));
        return;
    }
    let at = rng.usize(..memos.len());
    let (id, version) = memos[at].clone();
    let trashed = app.get("ann", &format!("/api/memos/{id}")).await.body["trashed_at"].is_string();
    let body = match rng.u8(..4) {
        0 if trashed => {
            app.delete("ann", &id, version).await;
            memos.swap_remove(at);
            return;
        }
        _ if trashed => json!({"trashed_at": null}),
        0 => {
            app.delete("ann", &id, version).await;
            memos[at].1 += 1;
            return;
        }
        1 => json!({"archived": rng.bool()}),
        _ => json!({"text": text.join(" ")}),
    };
    app.patch("ann", &id, version, body).await;
    memos[at].1 += 1;
}

/// Now and then a cache is lost, spoilt, or an older one comes back.
async fn lose_a_cache(app: &TestApp, rng: &mut Rng) {
    let key = ["memo/ann/overview", "memo/ann/tag-counts"][rng.usize(..2)];
    match rng.u8(..20) {
        0 => app.kv.delete(key).await.unwrap(),
        1 => app.kv.set(key, b"no cache").await.unwrap(),
        2 => {
            if let Some(older) = app.kv.get(key).await.unwrap() {
                write(app, "#meanwhile").await;
                tags(app).await;
                app.kv.set(key, &older).await.unwrap();
            }
        }
        _ => {}
    }
}

#[test]
fn an_index_that_is_older_than_the_log_is_made_anew() {
    run(async {
        let app = TestApp::new();
        let id = write(&app, "#one").await;
        app.pass(SETTLED);
        assert_eq!(tags(&app).await, owned(&[("one", 1)]));
        for version in 1..=70 {
            app.patch("ann", &id, version, json!({"pinned": version % 2 == 0}))
                .await;
        }
        app.patch("ann", &id, 71, json!({"text": "#two"})).await;
        app.pass(KEPT);
        for version in 72..=128 {
            app.patch("ann", &id, version, json!({"pinned": version % 2 == 0}))
                .await;
        }
        // A reader who passes by cuts the log.
        app.get("ann", "/api/memos/changes").await;
        assert!(!app.kv.exists("memo/ann/change/1").await.unwrap());
        assert_eq!(tags(&app).await, owned(&[("two", 1)]));
    });
}

#[test]
fn many_memos_are_gone_through_in_several_requests() {
    run(async {
        let app = TestApp::new();
        let memo = json!({"text": "#many", "created_at": EPOCH, "updated_at": EPOCH, "version": 1});
        for id in 1..=4_500 {
            app.kv.set_json(&format!("memo/ann/{id}"), &memo).await.unwrap();
        }
        app.kv.increment("memo/ann/seq", 4_500).await.unwrap();
        let mut counts = Vec::new();
        loop {
            let answer = app.get("ann", "/api/memos/tags").await.body;
            counts.push(answer["items"][0]["count"].as_u64().unwrap());
            if answer["more"] == false {
                break;
            }
        }
        assert_eq!(counts, [2_000, 4_000, 4_500]);
    });
}
