//! Where a user is signed in: the list, its ends, and what outlives none of them.

use std::time::Duration;

use crate::support::{self, Answer, Failing, PASSWORD, TestApp, cookie, run};
use auth_component::records::session_list::SESSIONS_MAX;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::store::{claim::WINDOW, kv::MemoryKv};
use futures::future::join;
use hmac_sha256::Hash;
use http::StatusCode;
use serde_json::{Value, json};

const SESSIONS: &str = "/api/auth/sessions";

fn id_of(refresh_token: &str) -> &str {
    refresh_token.split('.').next().unwrap()
}

async fn list(app: &TestApp, access_token: &str) -> Vec<Value> {
    let answer = app.call_as(access_token, "GET", SESSIONS, Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn end(app: &TestApp, access_token: &str, id: &str) -> Answer {
    let path = format!("{SESSIONS}/{id}");
    app.call_as(access_token, "DELETE", &path, Value::Null).await
}

async fn end_others(app: &TestApp, access_token: &str) -> Answer {
    app.call_as(access_token, "DELETE", SESSIONS, Value::Null).await
}

async fn goes_on(app: &TestApp, refresh_token: &str) -> bool {
    let answer = app.refresh(refresh_token).await;
    assert!([200, 401].contains(&answer.status.as_u16()), "{answer:?}");
    answer.status == StatusCode::OK
}

#[test]
fn the_list_says_where_and_since_when() {
    run(async {
        let app = TestApp::with_alice().await;
        let credentials = json!({"username": "alice", "password": PASSWORD}).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", "Mozilla/5.0 (X11)"),
        ];
        let site = app.call("POST", "/api/auth/session", &headers, &credentials).await;
        app.pass_secs(60);
        let (_, elsewhere) = app.alice_signs_in(PASSWORD).await;
        app.pass_secs(60);
        let elsewhere = app.refresh(&elsewhere).await;
        let items = list(&app, &site.text("access_token")).await;
        let expected = |id: &str, client: &str, agent: Value, created: u64, used: u64, current: bool| {
            let time = |after| (common::testing::EPOCH + Duration::from_secs(after)).to_rfc3339();
            json!({"id": id, "client_id": client, "user_agent": agent, "created_at": time(created),
                "last_used_at": time(used), "current": current})
        };
        let site_cookie = cookie(&site);
        let elsewhere = elsewhere.text("refresh_token");
        assert_eq!(
            items,
            [
                expected(id_of(&elsewhere), "memo-web", Value::Null, 60, 120, false),
                expected(id_of(&site_cookie), "memo-web", json!("Mozilla/5.0 (X11)"), 0, 0, true),
            ]
        );
    });
}

#[test]
fn a_session_that_is_ended_is_over_at_once_and_no_other_is() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let (here, here_refresh) = app.alice_signs_in(PASSWORD).await;
            let (there, there_refresh) = app.alice_signs_in(PASSWORD).await;
            let ended = end(&app, &here, id_of(&there_refresh)).await;
            assert_eq!(ended.status, StatusCode::NO_CONTENT);
            assert_eq!(app.me(&there).await.status, StatusCode::UNAUTHORIZED);
            assert!(!goes_on(&app, &there_refresh).await);
            assert_eq!(app.me(&here).await.status, StatusCode::OK);
            assert_eq!(ids(&list(&app, &here).await), [id_of(&here_refresh)]);
            assert_eq!(app.revoked().await.len(), 1);
            assert!(goes_on(&app, &here_refresh).await);
            // Also one's own.
            assert_eq!(
                end(&app, &here, id_of(&here_refresh)).await.status,
                StatusCode::NO_CONTENT
            );
            assert_eq!(app.me(&here).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(app.revoked().await.len(), 2);
        }
    });
}

#[test]
fn nobody_sees_or_ends_what_is_not_theirs() {
    run(async {
        let app = TestApp::with_alice().await;
        app.register("bob", PASSWORD).await;
        let (_, alices) = app.alice_signs_in(PASSWORD).await;
        let bob = app.log_in("bob", PASSWORD).await.text("access_token");
        assert_eq!(list(&app, &bob).await.len(), 1);
        let made_up = ["AAAAAAAAAAAAAAAAAAAAAA", "x", "..", "AAAAAAAAAAAAAAAAAAAAA%2F"];
        for id in made_up.into_iter().chain([id_of(&alices)]) {
            assert_eq!(end(&app, &bob, id).await.status, StatusCode::NOT_FOUND, "{id}");
        }
        assert_eq!(end_others(&app, &bob).await.status, StatusCode::NO_CONTENT);
        assert!(goes_on(&app, &alices).await);
        assert!(app.revoked().await.is_empty());
    });
}

#[test]
fn all_others_end_and_the_one_that_asked_goes_on() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let mut others = Vec::new();
            for _ in 0..3 {
                others.push(app.alice_signs_in(PASSWORD).await);
            }
            let (here, here_refresh) = app.alice_signs_in(PASSWORD).await;
            assert_eq!(end_others(&app, &here).await.status, StatusCode::NO_CONTENT);
            for (access, refresh) in &others {
                assert_eq!(app.me(access).await.status, StatusCode::UNAUTHORIZED);
                assert!(!goes_on(&app, refresh).await);
            }
            assert_eq!(app.revoked().await.len(), 3);
            assert_eq!(ids(&list(&app, &here).await), [id_of(&here_refresh)]);
            let next = app.refresh(&here_refresh).await;
            assert_eq!(next.status, StatusCode::OK);
            // Who signs in from now on is as good as ever, and may end the one that was kept.
            let (there, _) = app.alice_signs_in(PASSWORD).await;
            assert_eq!(list(&app, &here).await.len(), 2);
            assert_eq!(end_others(&app, &there).await.status, StatusCode::NO_CONTENT);
            assert!(!goes_on(&app, &next.text("refresh_token")).await);
            // Nothing is left behind but the one that is good.
            let records = app.ports.kv.keys("auth/session/").await.unwrap();
            let records = records.iter().filter(|key| !key.ends_with("/ended"));
            assert_eq!(records.count(), 1);
        }
    });
}

#[test]
fn of_twenty_one_sessions_the_oldest_ends() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alice_signs_in(PASSWORD).await;
        let second = app.alice_signs_in(PASSWORD).await;
        for _ in 2..SESSIONS_MAX {
            app.alice_signs_in(PASSWORD).await;
        }
        assert_eq!(app.me(&first.0).await.status, StatusCode::OK);
        let last = app.alice_signs_in(PASSWORD).await;
        assert_eq!(app.me(&first.0).await.status, StatusCode::UNAUTHORIZED);
        assert!(!goes_on(&app, &first.1).await);
        assert_eq!(app.revoked().await.len(), 1);
        assert_eq!(list(&app, &last.0).await.len(), SESSIONS_MAX);
        // A place that another one has left costs nobody theirs.
        end(&app, &last.0, id_of(&last.1)).await;
        app.alice_signs_in(PASSWORD).await;
        assert!(goes_on(&app, &second.1).await);
    });
}

#[test]
fn what_ended_by_itself_takes_nobodys_place() {
    run(async {
        let app = TestApp::with_alice().await;
        let kept = app.alice_signs_in(PASSWORD).await.1;
        let mut lost = Vec::new();
        for _ in 1..SESSIONS_MAX {
            lost.push(app.alice_signs_in(PASSWORD).await.1);
        }
        // Their ids stay on the list, as after a crash: their records are gone.
        for token in &lost {
            let key = format!("auth/session/{}", id_of(token));
            app.ports.kv.delete(&key).await.unwrap();
        }
        let last = app.alice_signs_in(PASSWORD).await;
        assert_eq!(list(&app, &last.0).await.len(), 2);
        assert!(goes_on(&app, &kept).await);
    });
}

#[test]
fn sign_ins_at_once_are_all_listed() {
    run(async {
        let app = TestApp::with_alice().await;
        for seed in 1..30 {
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (one, two) = join(app.alice_signs_in(PASSWORD), other.alice_signs_in(PASSWORD)).await;
            let items = list(&app, &one.0).await;
            for refresh in [&one.1, &two.1] {
                assert!(ids(&items).contains(&id_of(refresh)), "seed {seed}");
            }
            assert_eq!(end_others(&app, &one.0).await.status, StatusCode::NO_CONTENT);
        }
    });
}

#[test]
fn a_sign_in_that_races_the_end_of_all_sessions_leaves_none_behind_that_nobody_ended() {
    run(async {
        let app = TestApp::with_alice().await;
        let (here, _) = app.alice_signs_in(PASSWORD).await;
        let (mut let_in, mut refused) = (0, 0);
        for seed in 1..200 {
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (ended, answer) = join(end_others(&app, &here), other.log_in("alice", PASSWORD)).await;
            assert_eq!(ended.status, StatusCode::NO_CONTENT);
            if answer.status != StatusCode::OK {
                assert_eq!(answer.body["type"], "/problems#wrong-credentials", "{answer:?}");
                refused += 1;
                continue;
            }
            let_in += 1;
            // Either the session began after the end of all, and is good; or it is over for everybody.
            let is_good = app.me(&answer.text("access_token")).await.status == StatusCode::OK;
            assert_eq!(
                is_good,
                goes_on(&app, &answer.text("refresh_token")).await,
                "seed {seed}"
            );
            let hash = Hash::hash(id_of(&answer.text("refresh_token")).as_bytes());
            let is_told = app.revoked().await.contains(&URL_SAFE_NO_PAD.encode(&hash[..16]));
            assert_ne!(is_good, is_told, "seed {seed}");
            end_others(&app, &here).await;
        }
        assert!(let_in > 0 && refused > 0, "{let_in} {refused}");
    });
}

#[test]
fn a_sign_in_ends_the_session_whose_cookie_it_came_with() {
    run(async {
        let app = TestApp::with_alice().await;
        app.register("bob", PASSWORD).await;
        let sign_in = async |name: &str, sent: &str| {
            let body = json!({"username": name, "password": PASSWORD}).to_string();
            let cookie = format!("memo_refresh={sent}");
            let headers = [("content-type", "application/json"), ("cookie", cookie.as_str())];
            app.call("POST", "/api/auth/session", &headers, &body).await
        };
        let first = sign_in("alice", "").await;
        let second = sign_in("alice", &cookie(&first)).await;
        let third = sign_in("bob", &cookie(&second)).await;
        for ended in [&first, &second] {
            assert_eq!(
                app.me(&ended.text("access_token")).await.status,
                StatusCode::UNAUTHORIZED
            );
            assert!(!goes_on(&app, &cookie(ended)).await);
        }
        assert_eq!(app.revoked().await.len(), 2);
        assert_eq!(app.me(&third.text("access_token")).await.status, StatusCode::OK);
        // A wrong password ends nothing.
        let body = json!({"username": "bob", "password": "wrong password"}).to_string();
        let sent = format!("memo_refresh={}", cookie(&third));
        let headers = [("content-type", "application/json"), ("cookie", sent.as_str())];
        let wrong = app.call("POST", "/api/auth/session", &headers, &body).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(goes_on(&app, &cookie(&third)).await);
    });
}

/// The records as they were before there were lists, scopes and versions of users in sessions.
async fn age(app: &TestApp) {
    for key in app.ports.kv.keys("auth/").await.unwrap() {
        if key.ends_with("/sessions") {
            app.ports.kv.delete(&key).await.unwrap();
            continue;
        }
        let Some(bytes) = app.ports.kv.get(&key).await.unwrap() else {
            continue;
        };
        if let Ok(Value::Object(mut record)) = serde_json::from_slice(&bytes) {
            for new in ["user_version", "is_listed", "notices_told", "sessions_valid_from"] {
                record.remove(new);
            }
            app.ports.kv.set_json(&key, &record).await.unwrap();
        }
    }
}

#[test]
fn sessions_from_before_there_was_a_list_get_onto_it_by_their_next_refresh() {
    run(async {
        let app = TestApp::with_alice().await;
        let old = app.alices_token().await;
        let silent = app.alices_token().await;
        age(&app).await;
        let refreshed = app.refresh(&old).await;
        let here = refreshed.text("access_token");
        assert_eq!(ids(&list(&app, &here).await), [id_of(&old)]);
        // One that says nothing is on no list, and ends with all others.
        assert_eq!(end_others(&app, &here).await.status, StatusCode::NO_CONTENT);
        assert!(!goes_on(&app, &silent).await);
        assert!(goes_on(&app, &refreshed.text("refresh_token")).await);
    });
}

#[test]
fn a_session_of_a_user_who_is_gone_is_over() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, refresh) = app.alice_signs_in(PASSWORD).await;
        let id = app.me(&access).await.text("id");
        app.ports.kv.delete(&format!("auth/user/{id}")).await.unwrap();
        assert_eq!(app.me(&access).await.status, StatusCode::UNAUTHORIZED);
        assert!(!goes_on(&app, &refresh).await);
    });
}

#[test]
fn an_end_cut_off_anywhere_can_be_asked_for_again_and_is_then_told_to_everybody() {
    run(async {
        for failing in [Failing::Before, Failing::After] {
            for operations in 0.. {
                let app = TestApp::with_alice().await;
                let (here, here_refresh) = app.alice_signs_in(PASSWORD).await;
                let (there, there_refresh) = app.alice_signs_in(PASSWORD).await;
                app.kv.cut_after(operations, failing);
                let first = end_others(&app, &here).await;
                app.kv.mend();
                if first.status != StatusCode::NO_CONTENT {
                    assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE, "{first:?}");
                    app.pass(WINDOW * 2);
                    let again = end_others(&app, &here).await;
                    assert_eq!(again.status, StatusCode::NO_CONTENT, "{failing:?} {operations}");
                }
                assert!(!goes_on(&app, &there_refresh).await, "{failing:?} {operations}");
                assert_eq!(app.me(&there).await.status, StatusCode::UNAUTHORIZED);
                assert!(!app.revoked().await.is_empty(), "{failing:?} {operations}");
                assert!(goes_on(&app, &here_refresh).await, "{failing:?} {operations}");
                if first.status == StatusCode::NO_CONTENT {
                    break;
                }
            }
        }
    });
}

#[test]
fn a_token_that_is_not_for_the_account_opens_no_list() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let narrow = support::rescoped(&app, &access, "memos:read memos:write accounts").await;
        assert_eq!(app.me(&narrow).await.status, StatusCode::OK);
        for (method, path) in [
            ("GET", SESSIONS),
            ("DELETE", SESSIONS),
            ("DELETE", "/api/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA"),
            ("PUT", "/api/auth/me/password"),
        ] {
            let body = json!({"current_password": PASSWORD, "new_password": "another password"});
            let answer = app.call_as(&narrow, method, path, body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            assert_eq!(answer.text("type"), "/problems#insufficient-scope");
            let challenge = answer.header("www-authenticate");
            assert!(
                challenge.ends_with("error=\"insufficient_scope\", scope=\"account\""),
                "{challenge}"
            );
        }
    });
}

#[test]
fn of_two_sessions_that_end_all_others_one_is_left() {
    run(async {
        let app = TestApp::with_alice().await;
        for seed in 1..200 {
            app.kv.shuffle(0);
            let (one, two) = (app.alice_signs_in(PASSWORD).await, app.alice_signs_in(PASSWORD).await);
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (a, b) = join(end_others(&app, &one.0), end_others(&other, &two.0)).await;
            let won = [&a, &b].map(|answer| answer.status == StatusCode::NO_CONTENT);
            assert!(won[0] != won[1], "seed {seed}: {a:?} {b:?}");
            for (session, won) in [one, two].iter().zip(won) {
                let status = app.me(&session.0).await.status;
                assert_eq!(status == StatusCode::OK, won, "seed {seed}");
                assert_eq!(goes_on(&app, &session.1).await, won, "seed {seed}");
            }
        }
    });
}
