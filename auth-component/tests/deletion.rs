//! The end of an account: it goes whole or not at all, and what was begun is finished.

use std::{sync::atomic::Ordering, time::Duration};

use crate::support::{Answer, Failing, PASSWORD, TestApp, config, refused_fields, rescoped, run};
use auth_component::Config;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::store::kv::{Kv, MemoryKv};
use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};

const ME: &str = "/api/auth/me";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// When all that a request left can be met by the next one: two windows of a claim.
const LINGER: Duration = Duration::from_secs(60);

async fn delete(app: &TestApp, access_token: &str) -> Answer {
    app.call_as(access_token, "DELETE", ME, json!({"password": PASSWORD}))
        .await
}

/// The keys at which a text is part of the key or of the value.
async fn traces(app: &TestApp, text: &str) -> Vec<String> {
    let mut traces = Vec::new();
    for key in app.kv.keys("").await.unwrap() {
        let value = app.kv.get(&key).await.unwrap().unwrap_or_default();
        if key.contains(text) || String::from_utf8_lossy(&value).contains(text) {
            traces.push(key);
        }
    }
    traces.sort();
    traces
}

/// A scheduler comes, again and again while there is more to do.
async fn maintain(app: &TestApp) {
    let config = Config {
        maintenance_token: "maintenance".to_owned(),
        ..config()
    };
    let app = app.with_config(config);
    loop {
        let done = app
            .call_as("maintenance", "POST", "/api/auth/maintenance", Value::Null)
            .await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        if done.body["more"] == json!(false) {
            return;
        }
    }
}

async fn switch(app: &TestApp, is_up: bool) {
    app.memos.is_up.store(is_up, Ordering::SeqCst);
}

#[test]
fn an_account_goes_with_everything_and_its_name_is_kept_for_thirty_days() {
    run(async {
        for app in [TestApp::new(), TestApp::over(MemoryKv::without_increment())] {
            let id = app.register("alice", PASSWORD).await.text("id");
            app.register("bob", PASSWORD).await;
            let (own, refresh) = app.alice_signs_in(PASSWORD).await;
            let (other, other_refresh) = app.alice_signs_in(PASSWORD).await;
            assert_eq!(delete(&app, &own).await.status, StatusCode::NO_CONTENT);
            for token in [&own, &other] {
                assert_eq!(app.me(token).await.status, StatusCode::UNAUTHORIZED);
                assert_eq!(delete(&app, token).await.status, StatusCode::UNAUTHORIZED);
            }
            for refresh in [&refresh, &other_refresh] {
                assert_eq!(app.refresh(refresh).await.status, StatusCode::UNAUTHORIZED);
            }
            assert_eq!(
                app.revoked().await.len(),
                2,
                "the memo service is not told of the sessions"
            );
            assert_eq!(
                app.log_in("alice", PASSWORD).await.text("type"),
                "/problems#wrong-credentials"
            );
            assert_eq!(
                app.register("alice", PASSWORD).await.text("type"),
                "/problems#username-taken"
            );
            // The person is nowhere but among what is to be looked at tomorrow, and the name only where it is kept.
            let left = traces(&app, &id).await;
            assert!(left.len() == 1 && left[0].starts_with("auth/due/"), "{left:?}");
            let left = traces(&app, "alice").await;
            assert!(
                left.len() == 2 && left[0].starts_with("auth/due/") && left[1] == "auth/name/alice",
                "{left:?}"
            );
            app.pass(DAY + DAY / 12);
            maintain(&app).await;
            assert_eq!(traces(&app, &id).await, [""; 0]);
            app.pass(28 * DAY);
            maintain(&app).await;
            assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CONFLICT);
            app.pass(3 * DAY);
            maintain(&app).await;
            assert_eq!(traces(&app, "alice").await, [""; 0]);
            assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CREATED);
            assert_eq!(app.log_in("bob", PASSWORD).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn a_name_can_be_had_after_thirty_days_also_where_nobody_passed_by_and_one_gets_it() {
    run(async {
        for seed in 1..40 {
            let app = TestApp::with_alice().await;
            let (own, _) = app.alice_signs_in(PASSWORD).await;
            assert_eq!(delete(&app, &own).await.status, StatusCode::NO_CONTENT);
            app.pass(30 * DAY + LINGER);
            app.kv.shuffle(seed);
            let (one, two) = join(app.register("alice", PASSWORD), app.register("alice", "a better horse")).await;
            app.kv.shuffle(0);
            let won = [&one, &two].map(|answer| answer.status == StatusCode::CREATED);
            assert!(won[0] != won[1], "seed {seed}: {one:?} {two:?}");
            // What is due of the first alice takes nothing from the second.
            app.pass(2 * DAY);
            maintain(&app).await;
            let password = if won[0] { PASSWORD } else { "a better horse" };
            assert_eq!(app.log_in("alice", password).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn the_memo_service_is_asked_with_a_token_for_this_alone() {
    run(async {
        let app = TestApp::with_alice().await;
        let (own, _) = app.alice_signs_in(PASSWORD).await;
        let me = app.me(&own).await;
        app.memos.steps.store(3, Ordering::SeqCst);
        assert_eq!(delete(&app, &own).await.status, StatusCode::NO_CONTENT);
        let tokens = app.memos.tokens.lock().unwrap().clone();
        assert_eq!(tokens.len(), 3);
        let claims = URL_SAFE_NO_PAD.decode(tokens[0].split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            (&claims["scope"], &claims["sub"]),
            (&json!("memos:erase"), &me.body["id"])
        );
        assert_eq!(claims["aud"], json!("memo-api"));
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(life, 60);
        // It opens nothing here.
        assert_eq!(app.me(&tokens[0]).await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn while_the_memo_service_is_away_nobody_gets_in_and_the_same_request_goes_on_later() {
    run(async {
        let app = TestApp::new();
        let registered = app.register("alice", PASSWORD).await;
        let (own, refresh) = app.alice_signs_in(PASSWORD).await;
        let (other, _) = app.alice_signs_in(PASSWORD).await;
        switch(&app, false).await;
        for _ in 0..2 {
            let away = delete(&app, &own).await;
            assert_eq!(
                (away.status, away.header("retry-after")),
                (StatusCode::SERVICE_UNAVAILABLE, "1")
            );
        }
        // The one who asked may ask again, and nothing else; others may not even that.
        assert_eq!(app.me(&own).await.status, StatusCode::UNAUTHORIZED);
        let change = json!({"current_password": PASSWORD, "new_password": "a better horse"});
        let changed = app.call_as(&own, "PUT", "/api/auth/me/password", change).await;
        assert_eq!(changed.status, StatusCode::UNAUTHORIZED);
        for (method, path) in [
            ("POST", "/api/auth/totp"),
            ("GET", "/api/auth/sessions"),
            ("DELETE", "/api/auth/sessions"),
        ] {
            let refused = app.call_as(&own, method, path, Value::Null).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
        assert_eq!(delete(&app, &other).await.status, StatusCode::UNAUTHORIZED);
        let code = &registered.body["recovery_codes"][0];
        let recovery = json!({"username": "alice", "recovery_code": code, "new_password": "a better horse"});
        let refused = app.post_json("/api/auth/recover", recovery).await;
        assert_eq!(refused.text("type"), "/problems#wrong-recovery-code");
        assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CONFLICT);
        // Who knows the password is told what happens, and who does not is not.
        let sign_in = async |password: &str| {
            app.post_json("/api/auth/session", json!({"username": "alice", "password": password}))
                .await
        };
        assert_eq!(sign_in(PASSWORD).await.text("type"), "/problems#account-deleted");
        assert_eq!(
            sign_in("wrong password").await.text("type"),
            "/problems#wrong-credentials"
        );
        switch(&app, true).await;
        assert_eq!(delete(&app, &own).await.status, StatusCode::NO_CONTENT);
        assert_eq!(app.refresh(&refresh).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(sign_in(PASSWORD).await.text("type"), "/problems#wrong-credentials");
    });
}

#[test]
fn a_sign_in_finishes_a_deletion_and_so_does_tomorrow() {
    run(async {
        for signs_in in [true, false] {
            let app = TestApp::new();
            let id = app.register("alice", PASSWORD).await.text("id");
            let (own, _) = app.alice_signs_in(PASSWORD).await;
            switch(&app, false).await;
            delete(&app, &own).await;
            if signs_in {
                switch(&app, true).await;
                let answer = app.log_in("alice", PASSWORD).await;
                assert_eq!(answer.text("type"), "/problems#account-deleted");
            } else {
                // The memo service is away all day long, and on the next day everybody tries again.
                app.pass(DAY + DAY / 12);
                maintain(&app).await;
                assert!(
                    !app.kv
                        .exists(&format!("auth/user/{id}"))
                        .await
                        .is_ok_and(|is_there| !is_there)
                );
                switch(&app, true).await;
                app.memos.steps.store(5, Ordering::SeqCst);
                app.pass(DAY);
                // Whoever registers passes by.
                for name in ["bob", "cyd"] {
                    assert_eq!(app.register(name, PASSWORD).await.status, StatusCode::CREATED);
                }
            }
            assert!(!app.kv.exists(&format!("auth/user/{id}")).await.unwrap());
            assert!(!app.memos.tokens.lock().unwrap().is_empty());
            let refused = app.log_in("alice", PASSWORD).await;
            assert_eq!(refused.text("type"), "/problems#wrong-credentials");
        }
    });
}

#[test]
fn a_request_waits_for_so_many_memos_and_no_more() {
    run(async {
        let app = TestApp::with_alice().await;
        let (own, _) = app.alice_signs_in(PASSWORD).await;
        app.memos.steps.store(90, Ordering::SeqCst);
        for _ in 0..2 {
            assert_eq!(delete(&app, &own).await.status, StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(delete(&app, &own).await.status, StatusCode::NO_CONTENT);
        assert_eq!(app.memos.tokens.lock().unwrap().len(), 90);
    });
}

#[test]
fn it_asks_again_and_wants_a_token_for_the_account() {
    run(async {
        let app = TestApp::with_alice().await;
        let (own, _) = app.alice_signs_in(PASSWORD).await;
        let wrong = app
            .call_as(&own, "DELETE", ME, json!({"password": "wrong password"}))
            .await;
        assert_eq!(refused_fields(&wrong), ["password"]);
        for body in [json!({}), json!({"password": PASSWORD, "confirm": true})] {
            let refused = app.call_as(&own, "DELETE", ME, body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let narrow = rescoped(&app, &own, "memos:read memos:write").await;
        assert_eq!(delete(&app, &narrow).await.text("type"), "/problems#insufficient-scope");
        assert_eq!(app.me(&own).await.status, StatusCode::OK);
        for _ in 0..10 {
            app.call_as(&own, "DELETE", ME, json!({"password": "wrong password"}))
                .await;
        }
        assert_eq!(delete(&app, &own).await.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(app.memos.tokens.lock().unwrap().is_empty());
    });
}

#[test]
fn maintenance_is_for_who_has_its_token() {
    run(async {
        let app = TestApp::new();
        let path = "/api/auth/maintenance";
        assert_eq!(
            app.call_as("maintenance", "POST", path, Value::Null).await.status,
            StatusCode::NOT_FOUND
        );
        let app = app.with_config(Config {
            maintenance_token: "maintenance".to_owned(),
            ..config()
        });
        for token in ["maintenanc", "maintenance2", "x"] {
            assert_eq!(
                app.call_as(token, "POST", path, Value::Null).await.status,
                StatusCode::UNAUTHORIZED
            );
        }
        // It begins with the days of the past.
        let begun = app.call_as("maintenance", "POST", path, Value::Null).await;
        assert_eq!(begun.body, json!({"removed": 0, "more": true}));
        maintain(&app).await;
    });
}

#[test]
fn sessions_that_have_run_out_go_and_others_stay() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut kept = app.alices_token().await;
        let left = app.alices_token().await;
        let signed_out = app.alices_token().await;
        let cookie = format!("memo_refresh={signed_out}");
        app.call("DELETE", "/api/auth/session", &[("cookie", &cookie)], "")
            .await;
        let is_there = async |token: &str| {
            let id = token.split('.').next().unwrap();
            app.kv.exists(&format!("auth/session/{id}")).await.unwrap()
        };
        for _ in 0..4 {
            app.pass(10 * DAY);
            maintain(&app).await;
            kept = app.refresh(&kept).await.text("refresh_token");
        }
        // Thirty days after it was last used, the one that nobody used is gone.
        assert!(!is_there(&left).await && is_there(&kept).await);
        for _ in 0..6 {
            app.pass(10 * DAY);
            maintain(&app).await;
        }
        assert!(!is_there(&kept).await);
        assert_eq!(app.kv.keys("auth/session/").await.unwrap(), [""; 0]);
        let entries = app.kv.keys("auth/due/").await.unwrap();
        assert_eq!(entries, ["auth/due/from"]);
    });
}

/// Whoever stops the deletion, and where: what was begun is finished by the next day, and what was not has done nothing.
#[test]
fn it_may_stop_at_any_operation_of_the_store() {
    run(async {
        let (mut finished, mut untouched) = (0, 0);
        for failing in [Failing::Before, Failing::After] {
            for at in 0.. {
                let app = TestApp::new();
                let id = app.register("alice", PASSWORD).await.text("id");
                let (own, _) = app.alice_signs_in(PASSWORD).await;
                let (_, other_refresh) = app.alice_signs_in(PASSWORD).await;
                app.kv.cut_after(at, failing);
                let stopped = delete(&app, &own).await;
                app.kv.mend();
                if stopped.status == StatusCode::NO_CONTENT {
                    break;
                }
                assert!(stopped.status.is_server_error(), "{stopped:?}");
                app.pass(LINGER);
                let user: Option<Value> = app.ports.kv.get_json(&format!("auth/user/{id}")).await.unwrap();
                let has_begun = user.is_none_or(|user| !user["deleted_at"].is_null());
                if !has_begun {
                    assert_eq!(app.me(&own).await.status, StatusCode::OK, "operation {at} {failing:?}");
                    assert_eq!(app.refresh(&other_refresh).await.status, StatusCode::OK);
                    assert!(app.memos.tokens.lock().unwrap().is_empty());
                }
                app.pass(DAY + DAY / 12);
                for _ in 0..2 {
                    maintain(&app).await;
                    app.pass(DAY);
                }
                let mut left = traces(&app, &id).await;
                left.retain(|key| !key.contains("/claim/"));
                if has_begun {
                    finished += 1;
                    assert_eq!(left, [""; 0], "operation {at} {failing:?}");
                    assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
                    assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CONFLICT);
                } else {
                    untouched += 1;
                    assert_eq!(
                        app.log_in("alice", PASSWORD).await.status,
                        StatusCode::OK,
                        "operation {at}"
                    );
                }
            }
        }
        assert!(
            finished > 40 && untouched > 15,
            "{finished} finished, {untouched} untouched"
        );
    });
}
