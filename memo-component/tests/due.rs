//! What is due on a day goes on that day, and nothing else does.

use std::{sync::Arc, time::Duration};

use crate::support::{TestApp, run};
use common::{
    store::kv::MemoryKv,
    testing::{World, request},
};
use http::StatusCode;
use memo_component::catalog::{
    due::{self, Swept},
    once::KEPT,
    quota::Limits,
};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn limits(trash_days: u64) -> Limits {
    Limits {
        trash_days,
        ..Limits::default()
    }
}

/// Both kinds of stores, with a trash of so many days.
fn both(trash_days: u64) -> [TestApp; 2] {
    [MemoryKv::default(), MemoryKv::without_increment()]
        .map(|store| TestApp::with_limits(Arc::new(store), limits(trash_days)))
}

/// Sweeps until there is no more to do; how many records are gone.
async fn sweep(app: &TestApp, limits: Limits) -> usize {
    let mut removed = 0;
    loop {
        let swept = due::sweep(&app.ports, &limits, 50).await.unwrap();
        removed += swept.removed;
        if !swept.more {
            return removed;
        }
    }
}

async fn trashed(app: &TestApp, text: &str) -> String {
    let id = app.write("ann", text).await.text("id");
    app.delete("ann", &id, 1).await;
    id
}

async fn status(app: &TestApp, id: &str) -> StatusCode {
    app.get("ann", &format!("/api/memos/{id}")).await.status
}

/// The keys of what is left to do, without the counters.
async fn due_entries(app: &TestApp) -> usize {
    let keys = app.kv.keys("memo/due/").await.unwrap();
    keys.iter().filter(|key| key.split('/').count() == 4).count()
}

#[test]
fn a_memo_goes_from_the_trash_after_its_days_and_no_sooner() {
    run(async {
        for app in both(30) {
            let id = trashed(&app, "gone in thirty days").await;
            app.pass(DAY * 30);
            assert_eq!(sweep(&app, limits(30)).await, 0);
            assert_eq!(status(&app, &id).await, StatusCode::OK);
            // On the day after, when all that was due on that day is.
            app.pass(DAY);
            assert_eq!(sweep(&app, limits(30)).await, 1);
            assert_eq!(status(&app, &id).await, StatusCode::NOT_FOUND);
            assert_eq!((sweep(&app, limits(30)).await, due_entries(&app).await), (0, 0));
        }
    });
}

#[test]
fn a_memo_that_was_taken_out_stays_and_its_days_begin_anew_with_the_next_deletion() {
    run(async {
        for app in both(30) {
            let (kept, again) = (trashed(&app, "kept").await, trashed(&app, "again").await);
            app.pass(DAY * 20);
            for id in [&kept, &again] {
                app.patch("ann", id, 2, json!({"trashed_at": null})).await;
            }
            app.pass(DAY);
            app.delete("ann", &again, 3).await;
            app.pass(DAY * 10);
            assert_eq!(sweep(&app, limits(30)).await, 0);
            assert_eq!(
                (status(&app, &kept).await, status(&app, &again).await),
                (StatusCode::OK, StatusCode::OK)
            );
            app.pass(DAY * 20);
            assert_eq!(sweep(&app, limits(30)).await, 0);
            app.pass(DAY);
            assert_eq!(sweep(&app, limits(30)).await, 1);
            assert_eq!(
                (status(&app, &kept).await, status(&app, &again).await),
                (StatusCode::OK, StatusCode::NOT_FOUND)
            );
        }
    });
}

#[test]
fn days_that_are_raised_are_given_to_what_is_in_the_trash_already() {
    run(async {
        for app in both(10) {
            let id = trashed(&app, "longer").await;
            app.pass(DAY * 11);
            assert_eq!(sweep(&app, limits(20)).await, 0);
            assert_eq!(status(&app, &id).await, StatusCode::OK);
            app.pass(DAY * 9);
            assert_eq!(sweep(&app, limits(20)).await, 0);
            app.pass(DAY);
            assert_eq!(sweep(&app, limits(20)).await, 1);
        }
    });
}

#[test]
fn a_trash_of_no_days_is_emptied_on_the_next_day() {
    run(async {
        for app in both(0) {
            let id = trashed(&app, "soon gone").await;
            assert_eq!(sweep(&app, limits(0)).await, 0);
            assert_eq!(status(&app, &id).await, StatusCode::OK);
            app.pass(DAY);
            assert_eq!(sweep(&app, limits(0)).await, 1);
        }
    });
}

#[test]
fn a_key_is_known_for_a_week() {
    run(async {
        for app in both(30) {
            let post = async || {
                let key = [("idempotency-key", "key")];
                app.call("ann", "POST", "/api/memos", &key, json!({"text": "once"}))
                    .await
                    .text("id")
            };
            let first = post().await;
            app.pass(KEPT - Duration::from_millis(1));
            sweep(&app, limits(30)).await;
            assert_eq!(post().await, first);
            app.pass(DAY);
            // Its record, and in a store without counters nothing else lies there.
            assert_eq!(sweep(&app, limits(30)).await, 1);
            assert_ne!(post().await, first);
            assert_eq!(app.texts("ann", "").await, ["once", "once"]);
        }
    });
}

#[test]
fn a_flag_that_was_left_behind_goes_one_day() {
    run(async {
        let app = TestApp::new();
        app.write("ann", "one").await;
        // Somebody stopped under their claim.
        let flag = format!("memo/ann/1/claim/1/{}", app.ports.clock.now().0 / 30_000);
        app.kv.increment(&flag, 1).await.unwrap();
        let busy = app.change("ann", "PATCH", "1", 1, json!({"pinned": true})).await;
        assert_eq!((busy.status, busy.header("retry-after")), (StatusCode::CONFLICT, "1"));
        assert_eq!(sweep(&app, Limits::default()).await, 0);
        assert!(app.kv.exists(&flag).await.unwrap());
        app.pass(DAY);
        sweep(&app, Limits::default()).await;
        assert!(!app.kv.exists(&flag).await.unwrap());
        assert_eq!(due_entries(&app).await, 0);
    });
}

#[test]
fn two_who_sweep_at_once_do_no_more_than_one() {
    run(async {
        for app in both(1) {
            let mut ids = Vec::new();
            for number in 0..20 {
                ids.push(trashed(&app, &format!("memo {number}")).await);
            }
            let kept = app.write("ann", "kept").await.text("id");
            sweep(&app, limits(1)).await;
            app.pass(DAY * 2);
            let limits = limits(1);
            let (one, other) =
                futures::future::join(due::sweep(&app.ports, &limits, 50), due::sweep(&app.ports, &limits, 50)).await;
            assert_eq!(one.unwrap().removed + other.unwrap().removed, 20);
            for id in &ids {
                assert_eq!(status(&app, id).await, StatusCode::NOT_FOUND);
            }
            assert_eq!(status(&app, &kept).await, StatusCode::OK);
            assert_eq!(due_entries(&app).await, 0);
        }
    });
}

#[test]
fn a_sweep_goes_through_so_many_entries_and_the_next_one_goes_on() {
    run(async {
        for app in both(1) {
            for number in 0..10 {
                trashed(&app, &format!("memo {number}")).await;
            }
            sweep(&app, limits(1)).await;
            app.pass(DAY * 5);
            let swept = async || due::sweep(&app.ports, &limits(1), 4).await.unwrap();
            assert_eq!(swept().await, Swept { removed: 4, more: true });
            assert_eq!(swept().await, Swept { removed: 4, more: true });
            assert_eq!(
                swept().await,
                Swept {
                    removed: 2,
                    more: false
                }
            );
            assert_eq!(due_entries(&app).await, 0);
        }
    });
}

#[test]
fn what_can_not_be_read_or_is_gone_already_is_passed_over() {
    run(async {
        for app in both(1) {
            let (gone, broken, last) = (
                trashed(&app, "gone").await,
                trashed(&app, "broken").await,
                trashed(&app, "last").await,
            );
            app.delete("ann", &gone, 2).await;
            sweep(&app, limits(1)).await;
            let entries = app.kv.keys("memo/due/").await.unwrap();
            let entry_of = async |id: &str| {
                for key in &entries {
                    let value = app.kv.get(key).await.unwrap().unwrap_or_default();
                    if String::from_utf8_lossy(&value).contains(&format!(":{id}")) {
                        return key.clone();
                    }
                }
                unreachable!("no entry of {id}")
            };
            app.kv.set(&entry_of(&broken).await, b"no entry").await.unwrap();
            app.pass(DAY * 2);
            assert_eq!(sweep(&app, limits(1)).await, 1);
            assert_eq!(status(&app, &last).await, StatusCode::NOT_FOUND);
            assert_eq!(
                status(&app, &broken).await,
                StatusCode::OK,
                "whoever deletes it can still"
            );
            app.delete("ann", &broken, 2).await;
        }
    });
}

#[test]
fn whoever_deletes_passes_by_and_sweeps() {
    run(async {
        let app = TestApp::with_limits(Arc::new(MemoryKv::default()), limits(1));
        let id = trashed(&app, "soon gone").await;
        // The first look begins far back, and comes nearer with each sixteenth memo.
        for _ in 0..300 {
            trashed(&app, "another").await;
        }
        app.pass(DAY * 2);
        for _ in 0..16 {
            trashed(&app, "another").await;
        }
        assert_eq!(status(&app, &id).await, StatusCode::NOT_FOUND);
    });
}

/// The service with this token of maintenance.
fn with_token(token: &str) -> TestApp {
    TestApp::configured(World::new(), |config| {
        config.maintenance_token = token.to_owned();
        config.limits = limits(1);
    })
}

#[test]
fn maintenance_is_for_whoever_knows_its_token() {
    run(async {
        let app = with_token("a-token");
        let id = trashed(&app, "soon gone").await;
        let post =
            async |headers: &[(&str, &str)]| app.send(request("POST", "/api/memos/maintenance", headers, "")).await;
        let anns = format!("Bearer {}", app.token("ann"));
        assert_eq!(post(&[]).await.status, StatusCode::UNAUTHORIZED);
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer a-toke",
            "Bearer a-token2",
            "Basic a-token",
            &anns,
        ] {
            let refused = post(&[("authorization", wrong)]).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{wrong}");
            assert!(refused.header("www-authenticate").starts_with("Bearer"), "{wrong}");
        }
        let good = [("authorization", "Bearer a-token")];
        while post(&good).await.body["more"] == true {}
        app.pass(DAY * 2);
        let swept = post(&good).await;
        assert_eq!(
            (swept.status, &swept.body),
            (StatusCode::OK, &json!({"removed": 1, "more": false}))
        );
        assert_eq!(status(&app, &id).await, StatusCode::NOT_FOUND);
        // It opens nothing else.
        let memos = app.send(request("GET", "/api/memos", &good, "")).await;
        assert_eq!(memos.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn without_a_token_there_is_no_maintenance() {
    run(async {
        let app = with_token("");
        for authorization in ["Bearer ", "Bearer x", ""] {
            let answer = app
                .send(request(
                    "POST",
                    "/api/memos/maintenance",
                    &[("authorization", authorization)],
                    "",
                ))
                .await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{authorization:?}");
        }
        assert_eq!(
            app.call("ann", "POST", "/api/memos/maintenance", &[], Value::Null)
                .await
                .status,
            StatusCode::NOT_FOUND
        );
    });
}
