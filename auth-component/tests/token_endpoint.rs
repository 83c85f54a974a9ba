//! The token endpoint, as RFC 6749 wants it, and the tokens, as the services want them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::token::{KeySet, TokenError, Verifier};
use http::StatusCode;
use serde_json::{Value, json};
use support::{Failing, PASSWORD, TestApp, run};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn verifier() -> Verifier {
    Verifier {
        issuer: "memo-auth".to_owned(),
        audience: "memo-api".to_owned(),
    }
}

#[test]
fn a_login_is_answered_as_the_rfc_says() {
    run(async {
        let app = TestApp::with_alice().await;
        let answer = app.log_in("alice", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(
            (answer.text("token_type").as_str(), answer.body["expires_in"].as_u64()),
            ("Bearer", Some(600))
        );
        assert_eq!(answer.text("refresh_token").len(), 22 + 1 + 43);
    });
}

#[test]
fn an_access_token_is_what_the_other_services_expect() {
    run(async {
        let app = TestApp::with_alice().await;
        let registered = app.log_in("alice", PASSWORD).await.text("access_token");
        let user_id = app.me(&registered).await.text("id");
        let answer = app.log_in("alice", PASSWORD).await;
        let token = answer.text("access_token");
        let keys = KeySet::parse(app.get("/.well-known/jwks.json").await.body.to_string().as_bytes()).unwrap();
        let now = app.ports.clock.now();
        let verified = verifier().verify(&token, &keys, now).unwrap();
        assert_eq!(verified.expires_at, now + Duration::from_secs(600));
        assert_eq!(verified.claims.sub.as_str(), user_id);
        assert_eq!(verified.claims.client_id, "memo-cli");
        assert!(answer.text("refresh_token").starts_with(&verified.claims.sid));
        let late = now + Duration::from_secs(631);
        assert_eq!(verifier().verify(&token, &keys, late).unwrap_err(), TokenError::Expired);

        let part = |n: usize| -> Value {
            let part = token.split('.').nth(n).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!((&part(0)["typ"], &part(0)["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
        let mut claims: Vec<String> = part(1).as_object().unwrap().keys().cloned().collect();
        claims.sort();
        assert_eq!(claims, ["aud", "client_id", "exp", "iat", "iss", "jti", "sid", "sub"]);
        assert_eq!(
            (&part(1)["aud"], &part(1)["iss"]),
            (&json!("memo-api"), &json!("memo-auth"))
        );
        assert_eq!(part(1)["iat"].as_u64(), Some(now.as_secs()));
        assert!(token.len() < 700, "{}", token.len());
    });
}

#[test]
fn a_sane_client_id_is_put_on_the_token() {
    run(async {
        let app = TestApp::with_alice().await;
        let keys = KeySet::parse(app.get("/.well-known/jwks.json").await.body.to_string().as_bytes()).unwrap();
        for (given, taken) in [("my-app_1.0", "my-app_1.0"), ("no\nsuch", "memo-cli"), ("", "memo-cli")] {
            let grant = [
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", PASSWORD),
                ("client_id", given),
            ];
            let token = app.form(&grant).await.text("access_token");
            let verified = verifier().verify(&token, &keys, app.ports.clock.now()).unwrap();
            assert_eq!(verified.claims.client_id, taken);
        }
    });
}

#[test]
fn a_wrong_name_and_a_wrong_password_are_told_alike() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut told = Vec::new();
        let mut operations = Vec::new();
        for (username, password) in [("alice", "wrong password"), ("nobody", PASSWORD)] {
            let before = app.kv.operations.load(std::sync::atomic::Ordering::SeqCst);
            let answer = app.log_in(username, password).await;
            operations.push(app.kv.operations.load(std::sync::atomic::Ordering::SeqCst) - before);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert_eq!(answer.text("error"), "invalid_grant");
            told.push(answer.body);
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(operations[0], operations[1]);
        for (username, password) in [("a b", PASSWORD), ("alice", "short")] {
            assert_eq!(app.log_in(username, password).await.body, told[0]);
        }
    });
}

#[test]
fn requests_of_other_shapes_get_the_rfcs_errors() {
    run(async {
        let app = TestApp::with_alice().await;
        for (body, error) in [
            ("", "invalid_request"),
            ("username=alice&password=correct+horse", "invalid_request"),
            ("grant_type=&username=alice&password=correct+horse", "invalid_request"),
            ("grant_type=password&username=alice", "invalid_request"),
            ("grant_type=password&password=correct+horse", "invalid_request"),
            (
                "grant_type=password&username=alice&username=bob&password=correct+horse",
                "invalid_request",
            ),
            (
                "grant_type=password&grant_type=password&username=alice&password=correct+horse",
                "invalid_request",
            ),
            ("grant_type=refresh_token", "invalid_request"),
            ("grant_type=refresh_token&refresh_token=x", "invalid_grant"),
            ("grant_type=client_credentials", "unsupported_grant_type"),
            ("{\"grant_type\":\"password\"}", "invalid_request"),
        ] {
            let answer = app.call("POST", "/api/auth/token", &[FORM], body).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::BAD_REQUEST, error),
                "{body}"
            );
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("pragma"), "no-cache");
            assert!(!answer.text("error_description").is_empty());
        }
        // Parameters that nobody knows are passed over.
        let unknown = "grant_type=password&username=alice&password=correct+horse&scope=all&scope=none";
        assert_eq!(
            app.call("POST", "/api/auth/token", &[FORM], unknown).await.status,
            StatusCode::OK
        );
    });
}

#[test]
fn credentials_in_the_query_are_refused() {
    run(async {
        let app = TestApp::with_alice().await;
        let query = "/api/auth/token?grant_type=password&username=alice&password=correct+horse";
        for body in ["", "grant_type=password&username=alice&password=correct+horse"] {
            let answer = app.call("POST", query, &[FORM], body).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::BAD_REQUEST, "invalid_request")
            );
        }
        assert_eq!(app.get(query).await.status, StatusCode::METHOD_NOT_ALLOWED);
    });
}

#[test]
fn a_body_that_is_no_form_is_refused() {
    run(async {
        let app = TestApp::with_alice().await;
        let body = json!({"grant_type": "password", "username": "alice", "password": PASSWORD});
        let answer = app.post_json("/api/auth/token", body).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let too_large = format!("grant_type=password&username={}", "a".repeat(64 * 1024));
        let answer = app.call("POST", "/api/auth/token", &[FORM], &too_large).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text("error").as_str()),
            (413, "invalid_request")
        );
    });
}

#[test]
fn a_failing_store_is_503_in_the_endpoints_words() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        app.kv.cut_after(0, Failing::Before);
        for answer in [app.log_in("alice", PASSWORD).await, app.refresh(&token).await] {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.text("error"), "temporarily_unavailable");
            assert_eq!(answer.header("retry-after"), "1");
            assert!(!answer.body.to_string().contains("shelf"), "{answer:?}");
        }
        app.kv.mend();
        assert_eq!(app.refresh(&token).await.status, StatusCode::OK);
    });
}
