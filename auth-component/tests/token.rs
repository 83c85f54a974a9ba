//! The token endpoint, as RFC 6749 wants it, and the tokens, as the services want them. What programs get there is in
//! `programs.rs`.

use std::time::Duration;

use crate::support::{
    Failing, PASSWORD, TestApp,
    programs::{asked, code, connected, redeem, refresh, registered},
    run,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::token::{KeySet, TokenError, TokenProfile};
use http::StatusCode;
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn profile() -> TokenProfile {
    TokenProfile {
        issuer: "memo-auth".to_owned(),
        audience: "memo-api".to_owned(),
    }
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
        assert_eq!(verified.claims.client_id, "memo-web");
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
fn a_program_gets_a_token_of_the_same_kind_with_its_own_id_and_scope() {
    run(async {
        let (app, _, client_id, tokens) = connected().await;
        let keys = KeySet::parse(app.get("/.well-known/jwks.json").await.body.to_string().as_bytes()).unwrap();
        let token = tokens.text("access_token");
        let verified = profile().verify(&token, &keys, app.ports.clock.now()).unwrap();
        assert_eq!(
            (verified.claims.client_id, verified.claims.scope.as_str()),
            (client_id, "memos:read memos:write")
        );
        assert!(tokens.text("refresh_token").starts_with(&verified.claims.sid));
        assert!(verified.long_lived.is_none());
        assert!(token.len() < 700, "{}", token.len());
    });
}

#[test]
fn requests_of_other_shapes_get_the_rfcs_errors() {
    run(async {
        let app = TestApp::with_alice().await;
        let id = registered(&app).await;
        for (body, error) in [
            ("".to_owned(), "invalid_request"),
            (format!("client_id={id}&refresh_token=x"), "invalid_request"),
            (format!("grant_type=&client_id={id}&refresh_token=x"), "invalid_request"),
            (format!("grant_type=refresh_token&client_id={id}"), "invalid_request"),
            ("grant_type=refresh_token&refresh_token=x".to_owned(), "invalid_request"),
            (
                format!("grant_type=refresh_token&client_id={id}&client_id={id}&refresh_token=x"),
                "invalid_request",
            ),
            (
                format!("grant_type=refresh_token&grant_type=refresh_token&client_id={id}&refresh_token=x"),
                "invalid_request",
            ),
            (
                format!("grant_type=refresh_token&client_id={id}&refresh_token=x"),
                "invalid_grant",
            ),
            (
                "grant_type=refresh_token&client_id=nobody&refresh_token=x".to_owned(),
                "invalid_client",
            ),
            (
                format!("grant_type=authorization_code&client_id={id}"),
                "invalid_request",
            ),
            ("grant_type=client_credentials".to_owned(), "unsupported_grant_type"),
            ("{\"grant_type\":\"refresh_token\"}".to_owned(), "invalid_request"),
        ] {
            let answer = app.call("POST", "/api/auth/token", &[FORM], &body).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::BAD_REQUEST, error),
                "{body}"
            );
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("pragma"), "no-cache");
            assert!(!answer.text("error_description").is_empty());
        }
    });
}

#[test]
fn parameters_that_nobody_knows_are_passed_over() {
    run(async {
        let (app, _, client_id, tokens) = connected().await;
        let token = tokens.text("refresh_token");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id.as_str()),
            ("refresh_token", token.as_str()),
            ("color", "red"),
            ("color", "blue"),
        ];
        assert_eq!(app.form(&form).await.status, StatusCode::OK);
    });
}

#[test]
fn what_is_secret_is_refused_in_the_query() {
    run(async {
        let (app, _, client_id, tokens) = connected().await;
        let form = format!(
            "grant_type=refresh_token&client_id={client_id}&refresh_token={}",
            tokens.text("refresh_token")
        );
        for path in ["/api/auth/token", "/api/auth/revoke", "/api/auth/introspect"] {
            let query = format!("{path}?{form}");
            for body in ["", &form] {
                let answer = app.call("POST", &query, &[FORM], body).await;
                assert_eq!(
                    (answer.status, answer.text("error").as_str()),
                    (StatusCode::BAD_REQUEST, "invalid_request")
                );
            }
            assert_eq!(app.get(&query).await.status, StatusCode::METHOD_NOT_ALLOWED);
        }
    });
}

#[test]
fn a_body_that_is_no_form_is_refused() {
    run(async {
        let app = TestApp::with_alice().await;
        let answer = app
            .post_json("/api/auth/token", json!({"grant_type": "refresh_token"}))
            .await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let too_large = format!("grant_type=refresh_token&refresh_token={}", "a".repeat(64 * 1024));
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
        let (app, alice, client_id, tokens) = connected().await;
        let token = tokens.text("refresh_token");
        let code = code(&app, &alice, &asked(&client_id)).await;
        app.kv.cut_after(0, Failing::Before);
        let metadata = json!({"redirect_uris": ["https://program.example/cb"]});
        for answer in [
            refresh(&app, &client_id, &token).await,
            redeem(&app, &client_id, &code).await,
            app.post_json("/api/auth/clients", metadata).await,
            app.post_form("/api/auth/revoke", &[("client_id", &client_id), ("token", &token)])
                .await,
        ] {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.text("error"), "temporarily_unavailable");
            assert_eq!(answer.header("retry-after"), "1");
            assert!(!answer.body.to_string().contains("shelf"), "{answer:?}");
        }
        app.kv.mend();
        assert_eq!(refresh(&app, &client_id, &token).await.status, StatusCode::OK);
        assert_eq!(redeem(&app, &client_id, &code).await.status, StatusCode::OK);
    });
}
