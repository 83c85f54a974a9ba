//! A cursor is for the person and the list that it was made for, and for nothing else.

use crate::support::{TestApp, run, slow::slow};
use common::world::clock::Clock;
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

async fn with_memos(app: &TestApp, user: &str) {
    for number in 0..3 {
        app.pass_secs(1);
        app.write(user, &format!("memo {number}")).await;
    }
}

/// The cursor that a query gives.
async fn cursor(app: &TestApp, user: &str, query: &str) -> String {
    app.get(user, &format!("/api/memos?{query}")).await.text("next_cursor")
}

async fn status(app: &TestApp, user: &str, path: &str) -> StatusCode {
    let answer = app.get(user, path).await;
    if answer.status == UNPROCESSABLE {
        let parameter = if path.contains("since=") { "since" } else { "cursor" };
        assert_eq!(answer.body["errors"][0]["field"], parameter, "{path}");
    }
    answer.status
}

#[test]
fn a_cursor_goes_on_with_its_own_list_only() {
    run(async {
        for app in TestApp::both() {
            with_memos(&app, "ann").await;
            with_memos(&app, "bob").await;
            let list = cursor(&app, "ann", "limit=1").await;
            let search = cursor(&app, "ann", "limit=1&q=memo").await;
            // How long the pages are is not a part of the list, nor is how it is spelt.
            for (cursor, queries) in [
                (&list, &["", "limit=2", "state=active", "q="][..]),
                (&search, &["q=memo", "q=MEMO", "q=%20memo&limit=7"]),
            ] {
                for query in queries {
                    let path = format!("/api/memos?{query}&cursor={cursor}");
                    assert_eq!(status(&app, "ann", &path).await, StatusCode::OK, "{query}");
                }
            }
            for (cursor, query) in [
                (&list, "state=all"),
                (&list, "q=memo"),
                (&list, "tag=memo"),
                (&search, ""),
                (&search, "q=mem"),
                (&search, "q=memo&state=all"),
            ] {
                let path = format!("/api/memos?{query}&cursor={cursor}");
                assert_eq!(status(&app, "ann", &path).await, UNPROCESSABLE, "{query}");
            }
            let path = format!("/api/memos?cursor={list}");
            assert_eq!(status(&app, "bob", &path).await, UNPROCESSABLE, "it is ann's");
            let feed = app.get("ann", "/api/memos/changes").await.text("next");
            assert_eq!(
                status(&app, "ann", &format!("/api/memos?cursor={feed}")).await,
                UNPROCESSABLE
            );
            for since in [&list, &search] {
                let path = format!("/api/memos/changes?since={since}");
                assert_eq!(status(&app, "ann", &path).await, UNPROCESSABLE);
            }
            let path = format!("/api/memos/changes?since={feed}");
            assert_eq!(status(&app, "bob", &path).await, UNPROCESSABLE);
            for path in ["/api/memos/trash", "/api/memos"] {
                let path = format!("{path}?cursor={list}");
                let refused = app.call("ann", "DELETE", &path, &[], json!({"confirm": "all"})).await;
                assert_eq!(refused.status, UNPROCESSABLE);
            }
            assert_eq!(app.memos("ann", "").await.len(), 3);
        }
    });
}

#[test]
fn a_cursor_with_one_bit_changed_is_none() {
    run(async {
        let app = TestApp::new();
        with_memos(&app, "ann").await;
        let list = cursor(&app, "ann", "limit=1").await;
        let feed = app.get("ann", "/api/memos/changes").await.text("next");
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (good, path) in [(list, "/api/memos?cursor="), (feed, "/api/memos/changes?since=")] {
            assert_eq!(status(&app, "ann", &format!("{path}{good}")).await, StatusCode::OK);
            for at in 0..good.len() {
                let digit = alphabet.find(&good[at..=at]).unwrap();
                for bit in 0..6 {
                    let other = &alphabet[digit ^ (1 << bit)..][..1];
                    let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
                    assert_eq!(
                        status(&app, "ann", &format!("{path}{changed}")).await,
                        UNPROCESSABLE,
                        "{changed}"
                    );
                }
                assert_eq!(
                    status(&app, "ann", &format!("{path}{}", &good[..at])).await,
                    UNPROCESSABLE
                );
            }
            for changed in [
                format!("{good}A"),
                format!("{good}="),
                format!("{good}{good}"),
                format!("%00{good}"),
            ] {
                assert_eq!(
                    status(&app, "ann", &format!("{path}{changed}")).await,
                    UNPROCESSABLE,
                    "{changed}"
                );
            }
        }
    });
}

#[test]
fn a_cursor_from_nowhere_is_refused_whatever_its_length() {
    run(async {
        let app = TestApp::new();
        for length in [0, 1, 15, 16, 21, 22, 23, 64, 16 * 1024, 16 * 1024 + 1, 60_000] {
            for made_up in ["A", "_", "~"] {
                let cursor = made_up.repeat(length);
                for path in ["/api/memos?cursor=", "/api/memos/changes?since="] {
                    assert_eq!(
                        status(&app, "ann", &format!("{path}{cursor}")).await,
                        UNPROCESSABLE,
                        "{length}"
                    );
                }
            }
        }
    });
}

#[test]
fn every_instance_reads_the_cursors_of_the_others() {
    run(async {
        let app = TestApp::new();
        with_memos(&app, "ann").await;
        let list = cursor(&app, "ann", "limit=1").await;
        let other = app.another_instance("");
        let path = format!("/api/memos?cursor={list}");
        assert_eq!(status(&other, "ann", &path).await, StatusCode::OK);
        let elsewhere = TestApp::new();
        with_memos(&elsewhere, "ann").await;
        // Of another store, whose key is another: the tests' randomness repeats, so it is told by a changed key.
        let key = json!({"version": 1, "key": "another"});
        elsewhere.kv.set_json("memo/cursor-key", &key).await.unwrap();
        assert_eq!(status(&elsewhere, "ann", &path).await, UNPROCESSABLE);
    });
}

#[test]
fn a_memo_that_is_written_or_removed_meanwhile_moves_no_cursor() {
    run(async {
        for app in TestApp::both() {
            with_memos(&app, "ann").await;
            let first = app.get("ann", "/api/memos?limit=1").await;
            assert_eq!(first.body["items"][0]["text"], "memo 2");
            app.pass_secs(1);
            app.write("ann", "meanwhile").await;
            app.delete("ann", first.body["items"][0]["id"].as_str().unwrap(), 1)
                .await;
            let path = format!("/api/memos?cursor={}", first.text("next_cursor"));
            let rest = app.get("ann", &path).await.body;
            let texts: Vec<&Value> = rest["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|memo| &memo["text"])
                .collect();
            assert_eq!(texts, ["memo 1", "memo 0"]);
        }
    });
}

/// All of them need the key of cursors, which the first one makes.
#[test]
fn the_first_requests_of_a_new_store_agree_on_the_key() {
    run(async {
        for app in slow() {
            let feed = |_| app.get("ann", "/api/memos/changes");
            let answers = join_all((0..6).map(feed)).await;
            for answer in answers {
                assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
                let path = format!("/api/memos/changes?since={}", answer.text("next"));
                let later = app.another_instance("").get("ann", &path).await;
                assert_eq!(later.status, StatusCode::OK, "{later:?}");
            }
        }
    });
}

/// Whoever made it has died in the middle: a minute later somebody else makes it, and nobody waits for ever before that.
#[test]
fn a_key_whose_maker_died_is_made_by_another() {
    run(async {
        let app = TestApp::new();
        let flag = format!("memo/cursor-key/claim/0/{}", app.clock.now().0 / 30_000);
        app.kv.increment(&flag, 1).await.unwrap();
        let answer = app.get("ann", "/api/memos/changes").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        app.pass_secs(60);
        assert_eq!(app.get("ann", "/api/memos/changes").await.status, StatusCode::OK);
    });
}
