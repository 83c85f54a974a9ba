//! Refresh tokens: each is used once, and who shows one twice is found out.

use std::{collections::HashSet, time::Duration};

use crate::support::{Answer, Failing, PASSWORD, TestApp, run};
use auth_component::records::session::{LIFETIME, TTL, chain::GRACE};
use common::store::{
    claim::WINDOW,
    kv::{Kv, MemoryKv},
};
use common::testing::EPOCH;
use futures::future::{join, join_all};
use http::StatusCode;

fn is_refused(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED && answer.body["type"] == "/problems#unauthorized"
}

#[test]
fn a_refresh_replaces_the_token() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut seen = HashSet::from([app.alices_token().await]);
        let mut token = seen.iter().next().unwrap().clone();
        for _ in 0..5 {
            app.pass_secs(600);
            let answer = app.refresh(&token).await;
            assert_eq!(answer.status, StatusCode::OK);
            token = answer.text("refresh_token");
            assert!(seen.insert(token.clone()));
            assert_eq!(app.me(&answer.text("access_token")).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn the_replaced_token_gets_the_same_successor_for_a_moment() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alices_token().await;
        let second = app.refresh(&first).await.text("refresh_token");
        app.pass(GRACE - Duration::from_secs(1));
        let late = app.refresh(&first).await;
        assert_eq!(
            (late.status, late.text("refresh_token")),
            (StatusCode::OK, second.clone())
        );
        assert_eq!(app.refresh(&second).await.status, StatusCode::OK);
    });
}

#[test]
fn that_moment_begins_when_the_token_is_replaced_and_not_with_the_session() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alices_token().await;
        app.pass(GRACE * 2);
        let second = app.refresh(&first).await.text("refresh_token");
        app.pass(GRACE - Duration::from_millis(1));
        assert_eq!(app.refresh(&first).await.text("refresh_token"), second);
        let third = app.refresh(&second).await.text("refresh_token");
        app.pass(GRACE - Duration::from_millis(1));
        assert_eq!(app.refresh(&second).await.text("refresh_token"), third);
    });
}

#[test]
fn the_replaced_token_ends_the_session_after_that_moment() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alices_token().await;
        let second = app.refresh(&first).await.text("refresh_token");
        app.pass(GRACE);
        assert!(is_refused(&app.refresh(&first).await));
        assert!(is_refused(&app.refresh(&second).await));
        assert!(app.ports.kv.keys("auth/session/").await.unwrap().is_empty());
    });
}

#[test]
fn an_older_token_ends_the_session_at_once() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alices_token().await;
        let second = app.refresh(&first).await.text("refresh_token");
        let third = app.refresh(&second).await.text("refresh_token");
        assert!(is_refused(&app.refresh(&first).await));
        assert!(is_refused(&app.refresh(&third).await));
    });
}

#[test]
fn a_made_up_secret_ends_no_session() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        let [id, secret, tag]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let flip = |part: &str| format!("{}{}", if part.starts_with('A') { 'B' } else { 'A' }, &part[1..]);
        for made_up in [
            format!("{id}.{}.{tag}", flip(secret)),
            format!("{id}.{secret}.{}", flip(tag)),
            format!("{id}.{}.{}", flip(secret), flip(tag)),
            format!("{id}.{}", flip(secret)),
            format!("{id}."),
            format!("{id}.{secret}A"),
            format!("{id}.{secret}."),
            format!("{id}.{secret}.{tag}."),
            format!("../user/{}.{secret}", &id[8..]),
            id.to_owned(),
            "x".repeat(5000),
        ] {
            assert!(is_refused(&app.refresh(&made_up).await), "{made_up}");
        }
        assert_eq!(app.refresh(&token).await.status, StatusCode::OK);
    });
}

#[test]
fn a_token_of_thousands_of_refreshes_ago_still_ends_the_session() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alices_token().await;
        let mut newest = first.clone();
        for _ in 0..5000 {
            newest = app.refresh(&newest).await.text("refresh_token");
        }
        assert!(is_refused(&app.refresh(&first).await));
        assert!(is_refused(&app.refresh(&newest).await));
    });
}

#[test]
fn a_token_from_before_there_were_tags_is_as_good() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        let untagged = token.rsplit_once('.').unwrap().0;
        let second = app.refresh(untagged).await.text("refresh_token");
        assert_eq!(second.split('.').count(), 3);
        assert_eq!(app.refresh(&second).await.status, StatusCode::OK);
    });
}

#[test]
fn refreshes_at_once_get_the_same_token() {
    run(async {
        let app = TestApp::with_alice().await;
        for seed in 1..40 {
            app.kv.shuffle(seed);
            let token = app.alices_token().await;
            let tabs: Vec<TestApp> = (0..4).map(|_| app.another_instance()).collect();
            let refreshes = tabs.iter().map(|tab| tab.refresh(&token));
            let answers = join_all(refreshes).await;
            assert!(
                answers.iter().all(|answer| answer.status == StatusCode::OK),
                "{answers:?}"
            );
            let tokens = answers
                .iter()
                .filter_map(|answer| answer.body["refresh_token"].as_str());
            let tokens: Vec<&str> = tokens.collect::<HashSet<_>>().into_iter().collect();
            assert_eq!(tokens.len(), 1, "seed {seed}");
            assert_eq!(app.refresh(tokens[0]).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn a_refresh_at_the_same_moment_does_not_outlive_a_sign_out() {
    run(async {
        let app = TestApp::with_alice().await;
        for seed in 1..100 {
            app.kv.shuffle(seed);
            let token = app.alices_token().await;
            let cookie = [("cookie", &*format!("memo_refresh={token}"))];
            let sign_out = app.call("DELETE", "/api/auth/session", &cookie, "");
            let (refreshed, signed_out) = join(app.refresh(&token), sign_out).await;
            assert_eq!(signed_out.status, StatusCode::NO_CONTENT);
            let held = refreshed.body["refresh_token"].as_str().unwrap_or(&token);
            assert!(is_refused(&app.refresh(held).await), "seed {seed}");
        }
    });
}

#[test]
fn a_session_ends_30_days_after_its_last_refresh() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut token = app.alices_token().await;
        for _ in 0..3 {
            app.pass(TTL - Duration::from_secs(1));
            token = app.refresh(&token).await.text("refresh_token");
        }
        app.pass(TTL);
        assert!(is_refused(&app.refresh(&token).await));
        assert!(app.ports.kv.keys("auth/session/").await.unwrap().is_empty());
    });
}

#[test]
fn a_session_ends_90_days_after_its_sign_in_however_often_it_is_refreshed() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut token = app.alices_token().await;
        let day = Duration::from_secs(24 * 60 * 60);
        for _ in 0..89 {
            app.pass(day);
            token = app.refresh(&token).await.text("refresh_token");
        }
        app.pass(day - Duration::from_secs(1));
        token = app.refresh(&token).await.text("refresh_token");
        app.pass(Duration::from_secs(1));
        assert_eq!(app.ports.clock.now(), EPOCH + LIFETIME);
        assert!(is_refused(&app.refresh(&token).await));
        assert!(app.ports.kv.keys("auth/session/").await.unwrap().is_empty());
    });
}

/// Raises the flag that a refresh which died would have left up.
async fn leave_a_claim(app: &TestApp, token: &str) {
    let id = token.split('.').next().unwrap();
    let window = app.ports.clock.now().0 / u64::try_from(WINDOW.as_millis()).unwrap();
    let flag = format!("auth/session/{id}/claim/1/{window}");
    app.ports.kv.increment(&flag, 1).await.unwrap();
}

#[test]
fn a_refresh_that_died_does_not_stand_in_the_way() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        leave_a_claim(&app, &token).await;
        let answer = app.refresh(&token).await;
        assert_eq!(answer.status, StatusCode::OK);
        // The token that was shown stays good until a later refresh replaces it.
        assert!(answer.body.get("refresh_token").is_none());
        app.pass(WINDOW * 2);
        let next = app.refresh(&token).await.text("refresh_token");
        assert_ne!(next, token);
    });
}

#[test]
fn a_refresh_that_died_does_not_keep_a_session_alive() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        leave_a_claim(&app, &token).await;
        let cookie = format!("memo_refresh={token}");
        let answer = app
            .call("DELETE", "/api/auth/session", &[("cookie", &cookie)], "")
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert!(is_refused(&app.refresh(&token).await));
    });
}

#[test]
fn signing_out_ends_one_session_and_no_other() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let has_claims = store.has_increment();
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let (ended, kept) = (app.alices_token().await, app.alices_token().await);
            if has_claims {
                leave_a_claim(&app, &ended).await;
            }
            let cookie = format!("memo_refresh={ended}");
            let answer = app
                .call("DELETE", "/api/auth/session", &[("cookie", &cookie)], "")
                .await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
            assert!(is_refused(&app.refresh(&ended).await));
            assert_eq!(app.refresh(&kept).await.status, StatusCode::OK);
            let note = format!("auth/session/{}/ended", ended.split('.').next().unwrap());
            assert!(app.ports.kv.exists(&note).await.unwrap());
        }
    });
}

#[test]
fn a_refresh_that_writes_late_does_not_bring_a_session_back() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let has_claims = store.has_increment();
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let token = app.alices_token().await;
            if has_claims {
                leave_a_claim(&app, &token).await;
            }
            let key = format!("auth/session/{}", token.split('.').next().unwrap());
            let record = app.ports.kv.get(&key).await.unwrap().unwrap();
            let cookie = format!("memo_refresh={token}");
            let headers = [("cookie", &*cookie)];
            let answer = app.call("DELETE", "/api/auth/session", &headers, "").await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
            app.ports.kv.set(&key, &record).await.unwrap();
            assert!(is_refused(&app.refresh(&token).await));
            assert!(!app.ports.kv.exists(&key).await.unwrap());
        }
    });
}

#[test]
fn a_refresh_cut_off_anywhere_can_be_asked_again() {
    run(async {
        let app = TestApp::with_alice().await;
        for failing in [Failing::Before, Failing::After] {
            for operations in 0.. {
                let token = app.alices_token().await;
                app.kv.cut_after(operations, failing);
                let first = app.refresh(&token).await;
                app.kv.mend();
                let again = app.refresh(&token).await;
                assert_eq!(again.status, StatusCode::OK, "{failing:?} {operations}: {first:?}");
                let held = again.body["refresh_token"].as_str().unwrap_or(&token).to_owned();
                app.pass(WINDOW * 2);
                assert_eq!(
                    app.refresh(&held).await.status,
                    StatusCode::OK,
                    "{failing:?} {operations}: {first:?}"
                );
                if first.status == StatusCode::OK {
                    break;
                }
                assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE);
                assert_eq!(first.text("type"), "/problems#unavailable");
            }
        }
    });
}

#[test]
fn the_store_holds_no_refresh_token() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        let mut parts = token.split('.');
        let (id, secret, tag) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let record = app.ports.kv.get(&format!("auth/session/{id}")).await.unwrap().unwrap();
        let record = String::from_utf8(record).unwrap();
        assert!(!record.contains(secret) && !record.contains(tag));
    });
}
