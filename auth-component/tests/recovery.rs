//! Recovery codes: `POST /api/auth/recover` and `POST /api/auth/recovery-codes`.

use crate::support::{Answer, PASSWORD, TestApp, refused_fields, run};
use auth_component::records::totp::{STEP_MILLIS, TotpSecret};
use common::store::kv::MemoryKv;
use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};

const NEW: &str = "a better horse";

async fn recover(app: &TestApp, username: &str, code: &str, new: &str) -> Answer {
    let body = json!({"username": username, "recovery_code": code, "new_password": new});
    app.post_json("/api/auth/recover", body).await
}

async fn renew(app: &TestApp, access: &str, password: &str) -> Answer {
    let body = json!({ "password": password });
    app.call_as(access, "POST", "/api/auth/recovery-codes", body).await
}

fn codes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    serde_json::from_value(answer.body["recovery_codes"].clone()).unwrap()
}

async fn left(app: &TestApp, access: &str) -> Value {
    app.me(access).await.body["recovery_codes_left"].clone()
}

#[track_caller]
fn expect_wrong(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.text("type"), "/problems#wrong-recovery-code");
}

#[test]
fn a_code_gives_another_password_once_and_ends_all_sessions() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let app = TestApp::over(store);
            let codes = codes(&app.register("alice", PASSWORD).await);
            assert_eq!(codes.len(), 10);
            let (access, refresh) = app.alice_signs_in(PASSWORD).await;
            assert_eq!(left(&app, &access).await, 10);
            app.pass_secs(60);
            let typed = codes[3].to_lowercase().replace('-', " ");
            let recovered = recover(&app, "Alice", &typed, NEW).await;
            assert_eq!(recovered.status, StatusCode::NO_CONTENT, "{recovered:?}");
            assert_eq!(app.me(&access).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(app.refresh(&refresh).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(app.revoked().await.len(), 1);
            assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
            let (access, _) = app.alice_signs_in(NEW).await;
            assert_eq!(left(&app, &access).await, 9);
            expect_wrong(&recover(&app, "alice", &codes[3], "a third horse").await);
            assert_eq!(
                recover(&app, "alice", &codes[4], PASSWORD).await.status,
                StatusCode::NO_CONTENT
            );
        }
    });
}

#[test]
fn a_recovery_takes_the_second_factor_away() {
    run(async {
        let app = TestApp::new();
        let codes = codes(&app.register("alice", PASSWORD).await);
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let begun = app.call_as(&access, "POST", "/api/auth/totp", Value::Null).await;
        let secret = TotpSecret::try_from(begun.text("secret")).unwrap();
        let code = secret.code_at(app.ports.clock.now().0 / STEP_MILLIS).to_text();
        let on = app
            .call_as(&access, "PUT", "/api/auth/totp", json!({ "code": code }))
            .await;
        assert_eq!(on.status, StatusCode::NO_CONTENT);
        // New codes need a code of the app as well.
        assert_eq!(refused_fields(&renew(&app, &access, PASSWORD).await), ["code"]);
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            recover(&app, "alice", &codes[0], NEW).await.status,
            StatusCode::NO_CONTENT
        );
        let (access, _) = app.alice_signs_in(NEW).await;
        assert_eq!(app.me(&access).await.body["second_factor"], false);
    });
}

#[test]
fn who_is_nobody_and_what_is_no_code_are_answered_alike() {
    run(async {
        let app = TestApp::new();
        let alices = codes(&app.register("alice", PASSWORD).await);
        let bobs = codes(&app.register("bob", PASSWORD).await);
        let mut bodies = Vec::new();
        for (username, code) in [
            ("alice", bobs[0].as_str()),
            ("nobody", alices[0].as_str()),
            ("alice", "0000-0000-0000-0000"),
            ("alice", "no code at all"),
            ("앨리스", alices[0].as_str()),
        ] {
            let answer = recover(&app, username, code, NEW).await;
            expect_wrong(&answer);
            bodies.push((answer.text("title"), answer.text("detail")));
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        for weak in ["short", "Password1"] {
            let answer = recover(&app, "alice", &alices[0], weak).await;
            assert_eq!(refused_fields(&answer), ["new_password"]);
        }
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
    });
}

#[test]
fn wrong_codes_are_put_off_and_right_ones_do_not_count() {
    run(async {
        let app = TestApp::new();
        let alices = codes(&app.register("alice", PASSWORD).await);
        for _ in 0..10 {
            expect_wrong(&recover(&app, "alice", "0000-0000-0000-0000", NEW).await);
        }
        let put_off = recover(&app, "alice", &alices[0], NEW).await;
        assert_eq!(put_off.status, StatusCode::TOO_MANY_REQUESTS);
        // Signing in has other limits.
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
        app.pass_secs(300);
        for (code, round) in alices.iter().zip(0..) {
            let answer = recover(&app, "alice", code, &format!("horse of round {round}")).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        }
    });
}

#[test]
fn new_codes_make_the_old_ones_void() {
    run(async {
        let app = TestApp::new();
        let old = codes(&app.register("alice", PASSWORD).await);
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let wrong = renew(&app, &access, "wrong password").await;
        assert_eq!(refused_fields(&wrong), ["password"]);
        let new = codes(&renew(&app, &access, PASSWORD).await);
        assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)));
        assert_eq!(left(&app, &access).await, 10);
        expect_wrong(&recover(&app, "alice", &old[0], NEW).await);
        assert_eq!(
            recover(&app, "alice", &new[0], NEW).await.status,
            StatusCode::NO_CONTENT
        );
    });
}

#[test]
fn who_registered_before_there_were_codes_has_none_and_can_have_some() {
    run(async {
        let app = TestApp::with_alice().await;
        let keys = app.world.kv.keys("auth/user/").await.unwrap();
        let mut user: Value = app.ports.kv.get_json(&keys[0]).await.unwrap().unwrap();
        user.as_object_mut().unwrap().remove("recovery_codes");
        app.ports.kv.set_json(&keys[0], &user).await.unwrap();
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        assert_eq!(left(&app, &access).await, 0);
        let new = codes(&renew(&app, &access, PASSWORD).await);
        assert_eq!(
            recover(&app, "alice", &new[9], NEW).await.status,
            StatusCode::NO_CONTENT
        );
    });
}

#[test]
fn of_two_recoveries_with_one_code_one_wins() {
    run(async {
        for seed in 1..40 {
            let app = TestApp::new();
            let codes = codes(&app.register("alice", PASSWORD).await);
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (a, b) = join(
                recover(&app, "alice", &codes[0], "first horse"),
                recover(&other, "alice", &codes[0], "second horse"),
            )
            .await;
            app.kv.shuffle(0);
            let won = [&a, &b].map(|answer| answer.status == StatusCode::NO_CONTENT);
            assert!(won[0] != won[1], "seed {seed}: {a:?} {b:?}");
            let password = if won[0] { "first horse" } else { "second horse" };
            assert_eq!(
                app.log_in("alice", password).await.status,
                StatusCode::OK,
                "seed {seed}"
            );
        }
    });
}

#[test]
fn a_session_that_begins_beside_a_recovery_does_not_outlive_it() {
    run(async {
        for seed in 1..60 {
            let app = TestApp::new();
            let codes = codes(&app.register("alice", PASSWORD).await);
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (recovered, signed_in) =
                join(recover(&app, "alice", &codes[0], NEW), other.log_in("alice", PASSWORD)).await;
            app.kv.shuffle(0);
            assert_eq!(recovered.status, StatusCode::NO_CONTENT, "{recovered:?}");
            if signed_in.status == StatusCode::OK {
                let me = app.me(&signed_in.text("access_token")).await;
                assert_eq!(me.status, StatusCode::UNAUTHORIZED, "seed {seed}");
            }
        }
    });
}

#[test]
fn of_two_requests_for_new_codes_the_one_that_shows_codes_shows_good_ones() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        for seed in 1..40 {
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (a, b) = join(renew(&app, &access, PASSWORD), renew(&other, &access, PASSWORD)).await;
            app.kv.shuffle(0);
            let shown = [&a, &b].map(|answer| answer.status == StatusCode::CREATED);
            assert!(shown[0] != shown[1], "seed {seed}: {a:?} {b:?}");
            assert_eq!(left(&app, &access).await, 10);
        }
    });
}
