//! The site's way in: the refresh token lives in a cookie and nowhere else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use http::StatusCode;
use serde_json::json;
use support::{Answer, Failing, PASSWORD, TestApp, run};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn sign_in(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    app.call("POST", "/api/auth/session", &[&[JSON], headers].concat(), &body)
        .await
}

async fn with_cookie(app: &TestApp, method: &str, path: &str, token: &str) -> Answer {
    let cookie = format!("theme=dark; memo_refresh={token}; other=1");
    app.call(method, path, &[("cookie", &cookie)], "").await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    with_cookie(app, "POST", "/api/auth/session/refresh", token).await
}

#[test]
fn signing_in_sets_a_cookie_that_only_the_session_endpoints_see() {
    run(async {
        let app = TestApp::with_alice().await;
        let answer = sign_in(&app, &[("host", "memo.example")]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("cache-control"), "no-store");
        let cookie = answer.header("set-cookie");
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        assert_eq!(
            attributes,
            [
                "Path=/api/auth/session",
                "Max-Age=2592000",
                "HttpOnly",
                "SameSite=Strict",
                "Secure"
            ]
        );
        assert!(!answer.body.to_string().contains(&answer.cookie()));
        let mut fields: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["access_token", "expires_in", "token_type", "user"]);
        let me = app.me(&answer.text("access_token")).await;
        assert_eq!(answer.body["user"], json!({"id": me.text("id"), "username": "alice"}));
    });
}

#[test]
fn the_cookie_is_secure_unless_the_host_is_loopback() {
    run(async {
        let app = TestApp::with_alice().await;
        for (host, secure) in [
            ("memo.example", true),
            ("memo.example:3000", true),
            ("localhost.example", true),
            ("not a host", true),
            ("localhost:3000", false),
            ("127.0.0.1:3000", false),
            ("[::1]:3000", false),
        ] {
            let answer = sign_in(&app, &[("host", host)]).await;
            assert_eq!(answer.header("set-cookie").ends_with("; Secure"), secure, "{host}");
        }
    });
}

#[test]
fn the_cookie_renews_the_session_and_itself() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = sign_in(&app, &[]).await;
        let second = refresh(&app, &first.cookie()).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_ne!(second.cookie(), first.cookie());
        assert_eq!(second.body["user"], first.body["user"]);
        assert_eq!(app.me(&second.text("access_token")).await.status, StatusCode::OK);
        // A second tab that was a moment late.
        assert_eq!(refresh(&app, &first.cookie()).await.cookie(), second.cookie());
    });
}

#[test]
fn without_a_good_cookie_there_is_no_session() {
    run(async {
        let app = TestApp::with_alice().await;
        let none = app.call("POST", "/api/auth/session/refresh", &[], "").await;
        let made_up = refresh(
            &app,
            "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        )
        .await;
        for answer in [none, made_up, refresh(&app, "").await, refresh(&app, "garbage").await] {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    });
}

#[test]
fn signing_out_ends_the_session_and_clears_the_cookie() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = sign_in(&app, &[]).await.cookie();
        for _ in 0..2 {
            let answer = with_cookie(&app, "DELETE", "/api/auth/session", &token).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
            assert!(
                answer
                    .header("set-cookie")
                    .starts_with("memo_refresh=; Path=/api/auth/session; Max-Age=0;")
            );
            assert_eq!(refresh(&app, &token).await.status, StatusCode::UNAUTHORIZED);
        }
        let without = app.call("DELETE", "/api/auth/session", &[], "").await;
        assert_eq!(without.status, StatusCode::NO_CONTENT);
    });
}

#[test]
fn signing_out_with_a_replaced_cookie_ends_the_session_too() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = sign_in(&app, &[]).await.cookie();
        let second = refresh(&app, &first).await.cookie();
        app.pass_secs(3600);
        with_cookie(&app, "DELETE", "/api/auth/session", &first).await;
        assert_eq!(refresh(&app, &second).await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_wrong_name_or_password_is_401_and_sets_no_cookie() {
    run(async {
        let app = TestApp::with_alice().await;
        for (username, password) in [("alice", "wrong password"), ("nobody", PASSWORD), ("", "")] {
            let answer = app
                .post_json("/api/auth/session", json!({"username": username, "password": password}))
                .await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.text("type"), "/problems#wrong-credentials");
            assert_eq!(answer.header("set-cookie"), "");
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = app
            .call(
                "POST",
                "/api/auth/session",
                &form,
                "username=alice&password=correct+horse",
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    });
}

#[test]
fn pages_of_other_sites_are_refused() {
    run(async {
        let app = TestApp::with_alice().await;
        for (headers, status) in [
            (&[("sec-fetch-site", "same-origin")][..], 200),
            (&[("sec-fetch-site", "none")], 200),
            (&[("sec-fetch-site", "cross-site")], 403),
            (&[("sec-fetch-site", "same-site")], 403),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
                403,
            ),
            (&[("sec-fetch-site", "cross-site"), ("origin", "null")], 403),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://friend.example")],
                200,
            ),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://other.example")],
                200,
            ),
        ] {
            let answer = sign_in(&app, headers).await;
            assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        }
        let token = sign_in(&app, &[]).await.cookie();
        let cookie = format!("memo_refresh={token}");
        let forged = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        for (method, path) in [("POST", "/api/auth/session/refresh"), ("DELETE", "/api/auth/session")] {
            assert_eq!(app.call(method, path, &forged, "").await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
    });
}

#[test]
fn a_failing_store_is_503_and_keeps_the_cookie() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = sign_in(&app, &[]).await.cookie();
        app.kv.cut_after(0, Failing::Before);
        for (method, path) in [("POST", "/api/auth/session/refresh"), ("DELETE", "/api/auth/session")] {
            let answer = with_cookie(&app, method, path, &token).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.header("set-cookie"), "");
        }
        app.kv.mend();
        assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
    });
}
