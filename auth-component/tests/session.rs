//! The site's way in: the refresh token lives in a cookie and nowhere else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use auth_component::Config;
use http::StatusCode;
use serde_json::json;
use support::{Answer, Failing, PASSWORD, TestApp, config, cookie, run};

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

fn attributes(answer: &Answer) -> Vec<&str> {
    answer.header("set-cookie").split("; ").skip(1).collect()
}

/// The app as it is reached at this origin.
fn at(app: &TestApp, public_origin: &str) -> TestApp {
    app.with_config(Config {
        public_origin: public_origin.to_owned(),
        ..config()
    })
}

#[test]
fn signing_in_sets_a_cookie_that_only_the_session_endpoints_see() {
    run(async {
        let app = TestApp::with_alice().await;
        let answer = sign_in(&app, &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(
            attributes(&answer),
            [
                "Max-Age=2592000",
                "Path=/api/auth/session",
                "HttpOnly",
                "SameSite=Strict"
            ]
        );
        assert!(!answer.body.to_string().contains(&cookie(&answer)));
        let mut fields: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["access_token", "expires_in", "scope", "token_type", "user"]);
        assert_eq!(answer.body["scope"], "memos:read memos:write account");
        let me = app.me(&answer.text("access_token")).await;
        assert_eq!(answer.body["user"], json!({"id": me.text("id"), "username": "alice"}));
    });
}

#[test]
fn over_https_the_cookie_is_secure_and_the_hosts_own_whatever_host_header_arrives() {
    run(async {
        let app = at(&TestApp::with_alice().await, "https://memo.example");
        for host in ["memo.example", "127.0.0.1:3000", "localhost", "evil.example"] {
            let answer = sign_in(&app, &[("host", host)]).await;
            let set = answer.header("set-cookie");
            assert!(set.starts_with("__Host-memo_refresh="), "{host}: {set}");
            assert_eq!(
                attributes(&answer),
                ["Max-Age=2592000", "Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
            );
            assert!(answer.header("strict-transport-security").starts_with("max-age="));
            // A cookie of the plain name may have been planted by a sibling host.
            let planted = format!("memo_refresh={}", cookie(&answer));
            let headers = [("cookie", planted.as_str()), ("host", host)];
            let refreshed = app.call("POST", "/api/auth/session/refresh", &headers, "").await;
            assert_eq!(refreshed.status, StatusCode::NO_CONTENT);
            let own = format!("__Host-memo_refresh={}", cookie(&answer));
            let headers = [("cookie", own.as_str()), ("host", host)];
            let refreshed = app.call("POST", "/api/auth/session/refresh", &headers, "").await;
            assert_eq!(refreshed.status, StatusCode::OK);
        }
    });
}

#[test]
fn without_a_public_origin_only_loopback_over_plain_http_is_taken_for_plain() {
    run(async {
        let app = at(&TestApp::with_alice().await, "");
        for (headers, secure) in [
            (&[("host", "memo.example")][..], true),
            (&[("host", "localhost.example")], true),
            (&[("host", "not a host")], true),
            (&[], true),
            (&[("host", "localhost:3000")], false),
            (&[("host", "127.0.0.1:3000")], false),
            (&[("host", "[::1]:3000")], false),
            (
                &[("host", "localhost:3000"), ("spin-full-url", "https://localhost:3000/")],
                true,
            ),
        ] {
            let answer = sign_in(&app, headers).await;
            let set = answer.header("set-cookie");
            assert_eq!(set.ends_with("; Secure"), secure, "{headers:?}");
            assert_eq!(set.starts_with("__Host-"), secure, "{headers:?}");
        }
    });
}

#[test]
fn of_several_cookies_none_is_believed() {
    run(async {
        let app = TestApp::with_alice().await;
        let (own, planted) = (cookie(&sign_in(&app, &[]).await), cookie(&sign_in(&app, &[]).await));
        let both = format!("memo_refresh={planted}; memo_refresh={own}");
        let answer = app
            .call("POST", "/api/auth/session/refresh", &[("cookie", &both)], "")
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refresh(&app, &own).await.status, StatusCode::OK);
    });
}

#[test]
fn the_cookie_renews_the_session_and_itself() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = sign_in(&app, &[]).await;
        let second = refresh(&app, &cookie(&first)).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_ne!(cookie(&second), cookie(&first));
        assert_eq!(second.body["user"], first.body["user"]);
        assert_eq!(app.me(&second.text("access_token")).await.status, StatusCode::OK);
        // A second tab that was a moment late.
        assert_eq!(cookie(&refresh(&app, &cookie(&first)).await), cookie(&second));
    });
}

#[test]
fn a_first_visit_without_a_cookie_is_no_error() {
    run(async {
        let app = TestApp::with_alice().await;
        for headers in [&[][..], &[("cookie", "theme=dark")]] {
            let answer = app.call("POST", "/api/auth/session/refresh", headers, "").await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
            assert_eq!(answer.header("set-cookie"), "");
        }
    });
}

#[test]
fn a_cookie_that_is_not_good_is_no_session() {
    run(async {
        let app = TestApp::with_alice().await;
        let made_up = "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for token in [made_up, "", "garbage"] {
            let answer = refresh(&app, token).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    });
}

#[test]
fn signing_out_ends_the_session_and_clears_the_cookie() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = cookie(&sign_in(&app, &[]).await);
        for _ in 0..2 {
            let answer = with_cookie(&app, "DELETE", "/api/auth/session", &token).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
            assert!(
                answer
                    .header("set-cookie")
                    .starts_with("memo_refresh=; Max-Age=0; Path=/api/auth/session;")
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
        let first = cookie(&sign_in(&app, &[]).await);
        let second = cookie(&refresh(&app, &first).await);
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
            // Browsers that say nothing about the site of a page do say its origin.
            (&[("origin", "http://localhost:3000")], 200),
            (&[("origin", "https://friend.example")], 200),
            (&[("origin", "https://evil.example")], 403),
            (&[("origin", "http://localhost:3001")], 403),
            (&[("origin", "null")], 403),
            (&[("origin", "")], 403),
        ] {
            let answer = sign_in(&app, headers).await;
            assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        }
        // On a laptop, where nothing says how the app is reached, its own origin is that of the host asked for.
        let laptop = at(&app, "");
        for (origin, status) in [
            ("http://127.0.0.1:3000", 200),
            ("http://127.0.0.1:3001", 403),
            ("null", 403),
        ] {
            let answer = sign_in(&laptop, &[("host", "127.0.0.1:3000"), ("origin", origin)]).await;
            assert_eq!(answer.status.as_u16(), status, "{origin}");
        }
        let token = cookie(&sign_in(&app, &[]).await);
        let cookie = format!("memo_refresh={token}");
        let forged = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        for (method, path) in [("POST", "/api/auth/session/refresh"), ("DELETE", "/api/auth/session")] {
            assert_eq!(app.call(method, path, &forged, "").await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
    });
}

/// The site on a CDN: at a sibling of the host that the services have, or at their parent domain.
#[test]
fn a_site_of_its_own_signs_people_in_where_browsers_keep_its_cookie() {
    run(async {
        let app = TestApp::with_alice().await.with_config(Config {
            public_origin: "https://api.memo.example".to_owned(),
            site_origin: "https://memo.example".to_owned(),
            cors_origins: String::new(),
            ..config()
        });
        for (site, origin, status) in [
            ("same-site", "https://memo.example", 200),
            ("same-origin", "https://api.memo.example", 200),
            ("same-site", "https://evil.memo.example", 403),
            ("cross-site", "https://evil.example", 403),
            // Its own site, where browsers would keep the cookie back.
            ("cross-site", "https://memo.example", 403),
        ] {
            let answer = sign_in(&app, &[("sec-fetch-site", site), ("origin", origin)]).await;
            assert_eq!(answer.status.as_u16(), status, "{site} {origin}");
            let readers = answer.header("access-control-allow-origin");
            assert_eq!(readers == origin, origin == "https://memo.example", "{readers}");
        }
        let told = sign_in(
            &app,
            &[("sec-fetch-site", "cross-site"), ("origin", "https://memo.example")],
        )
        .await;
        assert!(told.text("detail").contains("another domain"), "{told:?}");
        // Browsers that say nothing about the site of a page do say its origin.
        let old = sign_in(&app, &[("origin", "https://memo.example")]).await;
        let set = old.header("set-cookie");
        assert!(
            set.starts_with("__Host-memo_refresh=") && set.contains("SameSite=Strict; Secure"),
            "{set}"
        );
    });
}

#[test]
fn a_failing_store_is_503_and_keeps_the_cookie() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = cookie(&sign_in(&app, &[]).await);
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
