//! `PUT /api/auth/me/password`, and what sign-ins tell of a token that was used again.

use crate::support::{Answer, PASSWORD, TestApp, cookie, programs, refused_fields, run};
use common::store::kv::MemoryKv;
use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};

const NEW: &str = "a better horse";

async fn change(app: &TestApp, access_token: &str, current: &str, new: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new});
    app.call_as(access_token, "PUT", "/api/auth/me/password", body).await
}

#[test]
fn a_new_password_takes_the_place_of_the_old_one_and_ends_all_other_sessions() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let (there, there_refresh) = app.alice_signs_in(PASSWORD).await;
            let (here, here_refresh) = app.alice_signs_in(PASSWORD).await;
            let before = app.me(&here).await.text("password_changed_at");
            app.pass_secs(60);
            assert_eq!(change(&app, &here, PASSWORD, NEW).await.status, StatusCode::NO_CONTENT);
            assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(app.me(&there).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(app.refresh(&there_refresh).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(app.revoked().await.len(), 1);
            assert!(app.me(&here).await.text("password_changed_at") > before);
            assert_eq!(app.refresh(&here_refresh).await.status, StatusCode::OK);
            let (new, _) = app.alice_signs_in(NEW).await;
            assert_eq!(app.me(&new).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn the_current_password_has_to_be_right_and_guesses_at_it_are_put_off() {
    run(async {
        let app = TestApp::with_alice().await;
        let (here, _) = app.alice_signs_in(PASSWORD).await;
        for _ in 0..10 {
            let answer = change(&app, &here, "wrong password", NEW).await;
            assert_eq!(refused_fields(&answer), ["current_password"]);
        }
        let put_off = change(&app, &here, PASSWORD, NEW).await;
        assert_eq!(put_off.status, StatusCode::TOO_MANY_REQUESTS);
        // It is one limit with that of sign-ins.
        assert_eq!(
            app.log_in("alice", PASSWORD).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
        app.pass_secs(300);
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
    });
}

#[test]
fn right_passwords_do_not_use_up_the_limit() {
    run(async {
        let app = TestApp::with_alice().await;
        let (here, _) = app.alice_signs_in(PASSWORD).await;
        for round in 0..20 {
            let (current, new) = if round % 2 == 0 {
                (PASSWORD, NEW)
            } else {
                (NEW, PASSWORD)
            };
            assert_eq!(change(&app, &here, current, new).await.status, StatusCode::NO_CONTENT);
        }
    });
}

#[test]
fn what_everybody_tries_first_is_no_new_password() {
    run(async {
        let app = TestApp::with_alice().await;
        let (here, _) = app.alice_signs_in(PASSWORD).await;
        for weak in ["short", "Password1", "memo-pad 1234", &"a".repeat(129)] {
            let answer = change(&app, &here, PASSWORD, weak).await;
            assert_eq!(refused_fields(&answer), ["new_password"], "{weak}");
            assert_eq!(refused_fields(&app.register("bob", weak).await), ["password"], "{weak}");
        }
        let own_name = change(&app, &here, PASSWORD, "Alice-alice").await;
        assert_eq!(refused_fields(&own_name), ["new_password"]);
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
    });
}

#[test]
fn of_two_changes_from_the_same_password_one_wins_and_the_winner_stays_signed_in() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut current = PASSWORD.to_owned();
        for seed in 1..60 {
            app.kv.shuffle(0);
            let (one, two) = (app.alice_signs_in(&current).await, app.alice_signs_in(&current).await);
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (first, second) = (format!("first horse {seed}"), format!("second horse {seed}"));
            let (a, b) = join(
                change(&app, &one.0, &current, &first),
                change(&other, &two.0, &current, &second),
            )
            .await;
            let won = [&a, &b].map(|answer| answer.status == StatusCode::NO_CONTENT);
            assert!(won[0] != won[1], "seed {seed}: {a:?} {b:?}");
            let (winner, loser) = if won[0] { (&one, &two) } else { (&two, &one) };
            assert_eq!(app.me(&winner.0).await.status, StatusCode::OK, "seed {seed}");
            assert_eq!(app.me(&loser.0).await.status, StatusCode::UNAUTHORIZED, "seed {seed}");
            current = if won[0] { first } else { second };
            app.pass_secs(900);
        }
    });
}

#[test]
fn a_sign_in_with_the_old_password_leaves_no_session_behind() {
    run(async {
        let app = TestApp::with_alice().await;
        let (mut old, mut new) = (PASSWORD, NEW);
        let mut let_in = 0;
        for seed in 1..100 {
            let (here, _) = app.alice_signs_in(old).await;
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (changed, answer) = join(change(&app, &here, old, new), other.log_in("alice", old)).await;
            assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
            if answer.status == StatusCode::OK {
                let_in += 1;
                let me = app.me(&answer.text("access_token")).await;
                assert_eq!(me.status, StatusCode::UNAUTHORIZED, "seed {seed}");
                let refreshed = app.refresh(&answer.text("refresh_token")).await;
                assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED, "seed {seed}");
                // This one and those of the rounds before, until they no longer matter.
                assert!(!app.revoked().await.is_empty(), "seed {seed}");
            }
            (old, new) = (new, old);
            app.pass_secs(900);
        }
        assert!(let_in > 0);
    });
}

async fn sign_in(app: &TestApp) -> Answer {
    let body = json!({"username": "alice", "password": PASSWORD});
    app.post_json("/api/auth/session", body).await
}

/// The tokens that a program gets for a yes.
async fn program_of(app: &TestApp, client_id: &str, access: &str) -> Answer {
    let code = programs::code(app, access, &programs::asked(client_id)).await;
    programs::redeem(app, client_id, &code).await
}

#[test]
fn a_stolen_token_is_told_by_sign_ins_until_one_has_arrived() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = app.alices_token().await;
        let second = app.refresh(&first).await.text("refresh_token");
        app.refresh(&second).await;
        app.pass_secs(40);
        assert_eq!(app.refresh(&first).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.revoked().await.len(), 1);
        let at = app.ports.clock.now().to_rfc3339();
        let expected = json!([{"type": "refresh-token-reused", "at": at}]);
        let lost = sign_in(&app).await;
        assert_eq!(lost.body["notices"], expected);
        // Programs are not told: nobody reads their answers. And what they refresh was not told.
        let client_id = programs::registered(&app).await;
        let tokens = program_of(&app, &client_id, &lost.text("access_token")).await;
        assert!(tokens.body.get("notices").is_none());
        programs::refresh(&app, &client_id, &tokens.text("refresh_token")).await;
        let arrived = sign_in(&app).await;
        assert_eq!(arrived.body["notices"], expected);
        let sent = format!("memo_refresh={}", cookie(&arrived));
        let refreshed = app
            .call("POST", "/api/auth/session/refresh", &[("cookie", &sent)], "")
            .await;
        assert_eq!(refreshed.body["notices"], Value::Null);
        assert_eq!(sign_in(&app).await.body["notices"], Value::Null);
    });
}

#[test]
fn notices_are_bounded() {
    run(async {
        let app = TestApp::with_alice().await;
        // By the sessions of a program, which forget none.
        let client_id = programs::registered(&app).await;
        let access = sign_in(&app).await.text("access_token");
        for _ in 0..12 {
            let first = program_of(&app, &client_id, &access).await.text("refresh_token");
            programs::refresh(&app, &client_id, &first).await;
            app.pass_secs(40);
            programs::refresh(&app, &client_id, &first).await;
        }
        assert_eq!(sign_in(&app).await.body["notices"].as_array().unwrap().len(), 8);
    });
}
