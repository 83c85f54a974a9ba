//! Personal tokens: what is made, who may make how many, and what ends them.

use std::time::Duration;

use crate::support::{Answer, PASSWORD, TestApp, from_base64url, refused_fields, run};
use common::testing::EPOCH;
use http::StatusCode;
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn wanted(name: &str, scope: &str, days: u64) -> Value {
    json!({"name": name, "scope": scope, "expires_in_days": days, "password": PASSWORD})
}

async fn make(app: &TestApp, access: &str, body: Value) -> Answer {
    app.call_as(access, "POST", "/api/auth/tokens", body).await
}

async fn made(app: &TestApp, access: &str, days: u64) -> (String, String) {
    let answer = make(app, access, wanted("backup", "memos:read", days)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    (answer.text("id"), answer.text("token"))
}

async fn list(app: &TestApp, access: &str) -> Vec<Value> {
    let answer = app.call_as(access, "GET", "/api/auth/tokens", Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["items"].as_array().unwrap().clone()
}

async fn introspect(app: &TestApp, form: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    app.call("POST", "/api/auth/introspect", &headers, form).await
}

async fn is_active(app: &TestApp, token: &str) -> bool {
    let answer = introspect(app, &format!("token={token}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["active"].as_bool().unwrap()
}

#[test]
fn a_token_says_what_it_is_for_and_is_shown_once() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let answer = make(&app, &access, wanted(" backup ", "memos:write memos:read", 366)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let (id, token) = (answer.text("id"), answer.text("token"));
        let until = (EPOCH + DAY * 366).to_rfc3339();
        let mut expected = json!({
            "id": id, "name": "backup", "scope": "memos:read memos:write", "token": token,
            "created_at": EPOCH.to_rfc3339(), "expires_at": until,
        });
        assert_eq!(answer.body, expected);

        let part = |at: usize| -> Value {
            let part = token.split('.').nth(at).unwrap();
            serde_json::from_slice(&from_base64url(part)).unwrap()
        };
        assert_eq!(part(0)["typ"], "at+jwt");
        let (claims, me) = (part(1), app.me(&access).await);
        let seconds = EPOCH.as_secs();
        let claimed = json!({
            "iss": "memo-auth", "aud": "memo-api", "sub": me.body["id"], "client_id": "personal-token",
            "jti": id, "sid": id, "scope": "memos:read memos:write",
            "iat": seconds, "exp": seconds + 366 * 86_400,
        });
        assert_eq!(claims, claimed);

        expected.as_object_mut().unwrap().remove("token");
        expected["older_than_password"] = false.into();
        expected["last_used_at"] = Value::Null;
        assert_eq!(list(&app, &access).await, [expected]);
        let stored = app
            .ports
            .kv
            .get(&format!("auth/user/{}", me.text("id")))
            .await
            .unwrap()
            .unwrap();
        let signature = token.rsplit('.').next().unwrap();
        assert!(
            !String::from_utf8(stored).unwrap().contains(signature),
            "the token itself is stored"
        );
    });
}

#[test]
fn what_can_t_be_had_is_refused_field_by_field() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let long = "가".repeat(65);
        for (body, fields) in [
            (wanted("", "", 0), &["name", "scope", "expires_in_days"][..]),
            (wanted(&long, "memos:read", 367), &["name", "expires_in_days"]),
            (wanted("a\u{7}", "memos:read", u64::MAX), &["name", "expires_in_days"]),
            (wanted("a", "account", 1), &["scope"]),
            (wanted("a", "memos:read account", 1), &["scope"]),
            (wanted("a", "memos:erase", 1), &["scope"]),
            (wanted("a", "memos:read memos:read", 1), &["scope"]),
            (wanted("a", " memos:read", 1), &["scope"]),
            (wanted("a", "MEMOS:READ", 1), &["scope"]),
        ] {
            let answer = make(&app, &access, body).await;
            assert_eq!(refused_fields(&answer), fields);
        }
        for days in [json!(-1), json!(1.5), json!("7"), json!(null)] {
            let mut body = wanted("a", "memos:read", 1);
            body["expires_in_days"] = days;
            assert_eq!(refused_fields(&make(&app, &access, body).await), ["expires_in_days"]);
        }
        let mut body = wanted("a", "memos:read", 1);
        body["password"] = "wrong".into();
        assert_eq!(refused_fields(&make(&app, &access, body).await), ["password"]);
        assert_eq!(list(&app, &access).await, Vec::<Value>::new());
    });
}

#[test]
fn a_person_has_twenty_and_those_that_expired_take_no_room() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, refresh) = app.alice_signs_in(PASSWORD).await;
        let (_, short) = made(&app, &access, 1).await;
        for _ in 1..20 {
            made(&app, &access, 2).await;
        }
        let refused = make(&app, &access, wanted("one more", "memos:read", 1)).await;
        assert_eq!(
            (refused.status, &refused.body["limit"]),
            (StatusCode::CONFLICT, &json!(20))
        );
        assert!(refused.text("type").ends_with("#too-many-tokens"), "{refused:?}");
        app.pass(DAY);
        assert!(!is_active(&app, &short).await);
        let access = app.refresh(&refresh).await.text("access_token");
        assert_eq!(list(&app, &access).await.len(), 19);
        made(&app, &access, 1).await;
        assert_eq!(list(&app, &access).await.len(), 20);
        let me = app.me(&access).await.text("id");
        let stored: Value = app
            .ports
            .kv
            .get_json(&format!("auth/user/{me}"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            stored["personal_tokens"].as_array().unwrap().len(),
            20,
            "the expired one is gone"
        );
    });
}

#[test]
fn a_token_is_active_until_it_is_revoked_and_no_other_one_is_touched() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, refresh) = app.alice_signs_in(PASSWORD).await;
        let ((id, token), (_, other)) = (made(&app, &access, 30).await, made(&app, &access, 30).await);
        assert!(is_active(&app, &token).await);
        let path = format!("/api/auth/tokens/{id}");

        assert_eq!(app.register("bob", PASSWORD).await.status, StatusCode::CREATED);
        let bob = app.log_in("bob", PASSWORD).await.text("access_token");
        for (who, path) in [
            (&bob, path.as_str()),
            (&access, "/api/auth/tokens/nothing"),
            (&access, "/api/auth/tokens/%00"),
        ] {
            let absent = app.call_as(who, "DELETE", path, Value::Null).await;
            assert_eq!(absent.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(is_active(&app, &token).await);

        let revoked = app.call_as(&access, "DELETE", &path, Value::Null).await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
        assert!(!is_active(&app, &token).await && is_active(&app, &other).await);
        let again = app.call_as(&access, "DELETE", &path, Value::Null).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        app.pass(DAY * 29);
        let access = app.refresh(&refresh).await.text("access_token");
        assert!(!is_active(&app, &token).await, "after a month, too");
        assert_eq!(list(&app, &access).await.len(), 1);
    });
}

#[test]
fn nothing_of_the_account_is_for_a_personal_token() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let (id, token) = made(&app, &access, 1).await;
        let path = format!("/api/auth/tokens/{id}");
        for (method, path, body) in [
            ("GET", "/api/auth/me", Value::Null),
            ("GET", "/api/auth/tokens", Value::Null),
            ("POST", "/api/auth/tokens", wanted("another", "memos:read", 1)),
            ("DELETE", path.as_str(), Value::Null),
            ("GET", "/api/auth/sessions", Value::Null),
            ("DELETE", "/api/auth/me", json!({"password": PASSWORD})),
        ] {
            let answer = app.call_as(&token, method, path, body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {answer:?}");
            assert!(answer.header("www-authenticate").contains("scope=\"account\""));
        }
        assert!(is_active(&app, &token).await);
    });
}

#[test]
fn a_password_change_keeps_tokens_and_says_so_and_a_recovery_ends_them() {
    run(async {
        let app = TestApp::new();
        let codes = app.register("alice", PASSWORD).await.body["recovery_codes"].clone();
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let (_, token) = made(&app, &access, 366).await;
        app.pass(Duration::from_secs(1));
        let body = json!({"current_password": PASSWORD, "new_password": "another horse"});
        let changed = app.call_as(&access, "PUT", "/api/auth/me/password", body).await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
        assert!(is_active(&app, &token).await);
        let mut body = wanted("new", "memos:write", 366);
        body["password"] = "another horse".into();
        let newer = make(&app, &access, body).await.text("token");
        let are_older: Vec<Value> = list(&app, &access)
            .await
            .iter()
            .map(|token| token["older_than_password"].clone())
            .collect();
        assert_eq!(are_older, [json!(true), json!(false)]);

        let body = json!({"username": "alice", "recovery_code": codes[0], "new_password": "a third horse"});
        let recovered = app.post_json("/api/auth/recover", body).await;
        assert_eq!(recovered.status, StatusCode::NO_CONTENT, "{recovered:?}");
        assert!(!is_active(&app, &token).await && !is_active(&app, &newer).await);
        let (access, _) = app.alice_signs_in("a third horse").await;
        assert_eq!(list(&app, &access).await, Vec::<Value>::new());
    });
}

#[test]
fn a_deletion_ends_tokens_from_its_first_moment_on() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let (_, token) = made(&app, &access, 366).await;
        app.memos.is_up.store(false, std::sync::atomic::Ordering::SeqCst);
        let body = json!({"password": PASSWORD});
        let stopped = app.call_as(&access, "DELETE", "/api/auth/me", body.clone()).await;
        assert_eq!(stopped.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!is_active(&app, &token).await);
        app.memos.is_up.store(true, std::sync::atomic::Ordering::SeqCst);
        let deleted = app.call_as(&access, "DELETE", "/api/auth/me", body).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT);
        assert!(!is_active(&app, &token).await);
    });
}

#[test]
fn a_token_outlives_the_key_that_signed_it() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let (_, token) = made(&app, &access, 366).await;
        // The key is replaced four times meanwhile.
        for _ in 0..4 {
            app.pass(DAY * 91);
            assert!(is_active(&app, &token).await);
        }
        app.pass(DAY);
        assert!(is_active(&app, &token).await);
        app.pass(DAY);
        assert!(!is_active(&app, &token).await, "it has expired");
    });
}

#[test]
fn its_use_is_noted_once_an_hour() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, refresh) = app.alice_signs_in(PASSWORD).await;
        let (_, token) = made(&app, &access, 30).await;
        app.pass(Duration::from_secs(10));
        assert!(is_active(&app, &token).await);
        let first = json!((EPOCH + Duration::from_secs(10)).to_rfc3339());
        assert_eq!(list(&app, &access).await[0]["last_used_at"], first);
        app.pass(Duration::from_secs(3599));
        assert!(is_active(&app, &token).await);
        let access = app.refresh(&refresh).await.text("access_token");
        assert_eq!(list(&app, &access).await[0]["last_used_at"], first);
        app.pass(Duration::from_secs(1));
        assert!(is_active(&app, &token).await);
        let second = json!((EPOCH + Duration::from_secs(3610)).to_rfc3339());
        assert_eq!(list(&app, &access).await[0]["last_used_at"], second);
    });
}

#[test]
fn introspection_tells_of_sessions_as_well_and_of_nothing_that_is_not_ours() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        assert!(is_active(&app, &access).await);
        let claims = access.split('.').nth(1).unwrap();
        for token in ["x", "..", "%00", &"a".repeat(60_000), &access.replace(claims, "e30")] {
            assert!(!is_active(&app, token).await);
        }
        for form in ["", "token=", "tokens=x", "token=a&token=b"] {
            let refused = introspect(&app, form).await;
            assert_eq!(
                (refused.status, refused.text("error").as_str()),
                (StatusCode::BAD_REQUEST, "invalid_request")
            );
        }
        assert_eq!(
            app.post_json("/api/auth/introspect", json!({"token": access}))
                .await
                .status,
            415
        );
        assert_eq!(
            app.get("/api/auth/introspect").await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
        let session = app.call_as(&access, "GET", "/api/auth/sessions", Value::Null).await;
        let id = session.body["items"][0]["id"].as_str().unwrap().to_owned();
        app.call_as(&access, "DELETE", &format!("/api/auth/sessions/{id}"), Value::Null)
            .await;
        assert!(!is_active(&app, &access).await);
    });
}
