//! The token endpoint, as RFC 6749 wants it, and the tokens, as the services want them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::token::{KeySet, TokenError, TokenProfile};
use http::StatusCode;
use serde_json::{Value, json};
use support::{Failing, PASSWORD, TestApp, run};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn profile() -> TokenProfile {
    TokenProfile {
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
        assert_eq!(answer.text("refresh_token").len(), 22 + 1 + 43 + 1 + 43);
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
        let verified = profile().verify(&token, &keys, now).unwrap();
        assert_eq!(verified.expires_at, now + Duration::from_secs(600));
        assert_eq!(verified.claims.sub.as_str(), user_id);
        assert_eq!(verified.claims.client_id, "memo-cli");
        assert!(answer.text("refresh_token").starts_with(&verified.claims.sid));
        let late = now + Duration::from_secs(631);
        assert_eq!(profile().verify(&token, &keys, late).unwrap_err(), TokenError::Expired);

        let part = |n: usize| -> Value {
            let part = token.split('.').nth(n).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!((&part(0)["typ"], &part(0)["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
        let mut claims: Vec<String> = part(1).as_object().unwrap().keys().cloned().collect();
        claims.sort();
        assert_eq!(
            claims,
            ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sid", "sub"]
        );
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
            let verified = profile().verify(&token, &keys, app.ports.clock.now()).unwrap();
            assert_eq!(verified.claims.client_id, taken);
        }
    });
}

#[test]
fn a_wrong_name_and_a_wrong_password_are_told_alike() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut told = Vec::new();
        let mut costs = Vec::new();
        for (username, password) in [("alice", "wrong password"), ("nobody", PASSWORD)] {
            let (operations, hashes) = (app.kv.operations(), app.backpressure.count());
            let answer = app.log_in(username, password).await;
            costs.push((app.kv.operations() - operations, app.backpressure.count() - hashes));
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert_eq!(answer.text("error"), "invalid_grant");
            told.push(answer.body);
        }
        assert_eq!(told[0], told[1]);
        // Counted and not timed: operations of the store, and hashes.
        assert_eq!(costs[0], costs[1]);
        assert_eq!(costs[0].1, 1);
        for (username, password) in [("a b", PASSWORD), ("alice", "short")] {
            assert_eq!(app.log_in(username, password).await.body, told[0]);
        }
    });
}

#[test]
fn guesses_are_put_off_before_they_are_hashed() {
    run(async {
        let app = TestApp::with_alice().await;
        for name in ["alice", "nobody"] {
            let hashes = app.backpressure.count();
            let guesses = (0..40).map(|_| app.log_in(name, "wrong password"));
            let answers = futures::future::join_all(guesses).await;
            let put_off: Vec<_> = answers
                .iter()
                .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
                .collect();
            // At the same moment, and yet no more than ten of them.
            assert_eq!(put_off.len(), 30, "{name}");
            assert_eq!(app.backpressure.count() - hashes, 10, "{name}");
            for answer in put_off {
                assert_eq!(answer.text("error"), "slow_down");
                let seconds: u64 = answer.header("retry-after").parse().unwrap();
                assert!((1..=300).contains(&seconds), "{seconds}");
            }
        }
        // The right password has to wait as well, and then it is right.
        let body = json!({"username": "alice", "password": PASSWORD});
        let early = app.post_json("/api/auth/session", body.clone()).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(early.text("type"), "/problems#too-many-requests");
        app.pass_secs(early.header("retry-after").parse().unwrap());
        assert_eq!(app.post_json("/api/auth/session", body).await.status, StatusCode::OK);
    });
}

#[test]
fn who_signs_in_rightly_is_never_put_off() {
    run(async {
        let app = TestApp::with_alice().await;
        for _ in 0..25 {
            assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
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
