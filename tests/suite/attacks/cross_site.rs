//! What another site's page can make a browser send to the routes that a cookie opens: every combination of what browsers
//! say about where a request comes from, of content types and of methods.

use reqwest::Method;
use serde_json::json;

use super::{REFRESH, SESSION, Session, refresh, sign_in};
use crate::harness::{Call, PASSWORD, TestApp};

/// What `Sec-Fetch-Site` may say, and whether the app's own pages or the person themself do so. Absent: it says nothing.
const SITES: [(Option<&str>, bool); 8] = [
    (None, true),
    (Some("same-origin"), true),
    (Some("none"), true),
    (Some("same-site"), false),
    (Some("cross-site"), false),
    (Some(""), false),
    (Some("Same-Origin"), false),
    (Some("same-origin, cross-site"), false),
];

/// What `Origin` may say, and whether that is the app's own.
fn origins(own: &str) -> [(Option<String>, bool); 10] {
    [
        (None, true),
        (Some(own.to_owned()), true),
        (Some("null".to_owned()), false),
        (Some("https://evil.example".to_owned()), false),
        (Some(format!("{own}.evil.example")), false),
        (Some(format!("http://evil.example/?{own}")), false),
        (Some("http://127.0.0.1:1".to_owned()), false),
        (Some("http://localhost".to_owned()), false),
        (Some(String::new()), false),
        (Some(format!("{own}, https://evil.example")), false),
    ]
}

/// How another site's page may label a body. Only forms can be sent without asking first (Fetch standard §4.8).
const TYPES: [Option<&str>; 6] = [
    Some("application/json"),
    Some("text/plain"),
    Some("application/x-www-form-urlencoded"),
    Some("multipart/form-data; boundary=x"),
    Some("text/plain; application/json"),
    None,
];

/// Every combination of both headers, each with whether it may come from the app's own pages or from a program. A browser that
/// sends `Sec-Fetch-Site` is believed, because no page can set it.
fn combinations(own: &str) -> Vec<(Option<&'static str>, Option<String>, bool)> {
    let mut all = Vec::new();
    for (site, is_own_site) in SITES {
        for (origin, is_own_origin) in origins(own) {
            let is_allowed = is_own_site && (site.is_some() || is_own_origin);
            all.push((site, origin, is_allowed));
        }
    }
    all
}

fn with_headers(call: Call, site: Option<&str>, origin: Option<&str>) -> Call {
    let headers = [("sec-fetch-site", site), ("origin", origin)];
    let given = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
    given.fold(call, |call, (name, value)| call.header(name, value))
}

#[tokio::test]
async fn no_other_site_signs_somebody_in() {
    let app = TestApp::shared();
    let user = app.user("signed-in").await;
    let body = json!({ "username": user.username, "password": PASSWORD }).to_string();
    for (site, origin, is_allowed) in combinations(app.base_url()) {
        for kind in TYPES {
            let call = with_headers(app.anonymous().call(Method::POST, SESSION), site, origin.as_deref());
            let call = kind
                .into_iter()
                .fold(call, |call, kind| call.header("content-type", kind));
            let answer = call.body(body.clone()).send().await;
            let expected = match (is_allowed, kind) {
                (false, _) => 403,
                (true, Some("application/json")) => 200,
                (true, _) => 415,
            };
            assert_eq!(answer.status(), expected, "{site:?} {origin:?} {kind:?}: {answer:?}");
            assert_eq!(answer.find("set-cookie").is_some(), expected == 200, "{answer:?}");
            assert_eq!(answer.find("access-control-allow-origin"), None, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn no_other_site_goes_on_with_a_session_or_ends_it() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let user = app.user("cross-site").await;
    let signed_in = sign_in(&nobody, &user.username, PASSWORD).await.expect(200);
    let mut cookie = Session::of(&signed_in).cookie;
    for (site, origin, is_allowed) in combinations(app.base_url()) {
        for (method, path) in [(Method::POST, REFRESH), (Method::DELETE, SESSION)] {
            if is_allowed && method == Method::DELETE {
                continue; // It would end the session, as it should.
            }
            let call = nobody.call(method.clone(), path).header("cookie", &cookie);
            let answer = with_headers(call, site, origin.as_deref()).send().await;
            let expected = if is_allowed { 200 } else { 403 };
            assert_eq!(answer.status(), expected, "{method} {site:?} {origin:?}: {answer:?}");
            assert_eq!(answer.find("access-control-allow-origin"), None, "{answer:?}");
            match answer.find("set-cookie") {
                Some(_) if is_allowed => cookie = Session::of(&answer).cookie,
                set => assert_eq!(set, None, "{method} {site:?} {origin:?}"),
            }
        }
    }
    refresh(&nobody, &cookie).await.expect(200);
}

/// Nobody is made to sign in as somebody else by a passkey, or to be asked for one.
#[tokio::test]
async fn no_other_site_signs_in_by_a_passkey() {
    let app = TestApp::shared().at_localhost();
    for (site, origin, is_allowed) in combinations(app.base_url()) {
        for (path, good) in [
            ("/api/auth/session/passkey/options", 200),
            ("/api/auth/session/passkey", 422),
        ] {
            let call = with_headers(app.anonymous().call(Method::POST, path), site, origin.as_deref());
            let answer = call.json(&json!({})).send().await;
            let expected = if is_allowed { good } else { 403 };
            assert_eq!(answer.status(), expected, "{path} {site:?} {origin:?}: {answer:?}");
            assert_eq!(answer.find("access-control-allow-origin"), None, "{answer:?}");
            assert_eq!(answer.find("set-cookie"), None, "{answer:?}");
        }
    }
}

/// Navigations and images ask with `GET`, and other methods of forms do not exist.
#[tokio::test]
async fn no_other_method_does_anything_with_a_cookie() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let user = app.user("methods").await;
    let session = Session::of(&sign_in(&nobody, &user.username, PASSWORD).await.expect(200));
    let purge = Method::from_bytes(b"PURGE").expect("a token");
    for (path, known) in [
        (SESSION, vec![Method::POST, Method::DELETE]),
        (REFRESH, vec![Method::POST]),
        ("/api/auth/session/passkey", vec![Method::POST]),
        ("/api/auth/session/passkey/options", vec![Method::POST]),
    ] {
        let all = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            purge.clone(),
        ];
        for method in all.into_iter().filter(|method| !known.contains(method)) {
            for query in ["", "?_method=DELETE", "?_method=POST"] {
                let call = nobody.call(method.clone(), &format!("{path}{query}"));
                let call = call
                    .header("cookie", &session.cookie)
                    .header("x-http-method-override", "POST");
                let answer = call.send().await;
                // To ask what would be allowed is allowed.
                let expected = if method == Method::OPTIONS { 204 } else { 405 };
                assert_eq!(answer.status(), expected, "{method} {path}{query}: {answer:?}");
                assert_eq!(answer.find("access-control-allow-origin"), None, "{answer:?}");
                assert_eq!(answer.find("set-cookie"), None, "{answer:?}");
            }
        }
    }
    // No route of the account or of the memos looks at the cookie.
    for path in ["/api/auth/me", "/api/auth/sessions", "/api/memos", "/api/memos/events"] {
        let call = nobody.call(Method::GET, path).header("cookie", &session.cookie);
        call.send().await.problem(401);
    }
    refresh(&nobody, &session.cookie).await.expect(200);
}
