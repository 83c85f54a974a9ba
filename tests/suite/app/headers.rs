//! What every answer carries. (That it is there at all, the harness checks at every answer of every test.)

use std::collections::HashSet;

use reqwest::Method;

use crate::harness::{HostPlan, Response, TestApp};

/// One route of each component, and errors of each.
const PATHS: [&str; 9] = [
    "/",
    "/api/auth/me",
    "/api/memos",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/mcp",
    "/mcp",
    "/api/auth/nothing",
    "/nothing",
];

async fn get_with(path: &str, name: &str, value: &str) -> Response {
    TestApp::shared()
        .anonymous()
        .call(Method::GET, path)
        .header(name, value)
        .send()
        .await
}

#[tokio::test]
async fn a_sane_request_id_is_kept() {
    for path in PATHS {
        for id in ["a", "2f1c-99.A_b:7", "01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(
                get_with(path, "x-request-id", id).await.header("x-request-id"),
                id,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn any_other_request_id_is_replaced() {
    let long = "x".repeat(2000);
    for path in PATHS {
        for id in ["", "two words", "<script>", "a,b", "\"}", "한글", &long] {
            let response = get_with(path, "x-request-id", id).await;
            let given = response.header("x-request-id");
            assert!(given != id && given.len() <= 128, "{path}: {given}");
        }
    }
}

#[tokio::test]
async fn made_request_ids_differ() {
    let nobody = TestApp::shared().anonymous();
    for path in PATHS {
        let mut ids = HashSet::new();
        for _ in 0..5 {
            ids.insert(nobody.get(path).await.header("x-request-id").to_owned());
        }
        assert_eq!(ids.len(), 5, "{path}");
    }
}

#[tokio::test]
async fn no_answer_may_be_framed() {
    for path in PATHS {
        let response = TestApp::shared().anonymous().get(path).await;
        let policy = response.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn only_pages_of_named_origins_may_read_and_only_the_issuer_takes_their_cookies() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("cors_origins", "https://friend.example").start();
    let app = TestApp::on(&host);
    let get = |path: &'static str, origin: &'static str| {
        app.anonymous().call(Method::GET, path).header("origin", origin).send()
    };
    for (path, credentials) in [("/api/auth/me", Some("true")), ("/api/memos", None)] {
        let friend = get(path, "https://friend.example").await;
        assert_eq!(
            friend.find("access-control-allow-origin"),
            Some("https://friend.example")
        );
        assert_eq!(friend.find("access-control-allow-credentials"), credentials, "{path}");
        for other in ["https://evil.example", "https://friend.example.evil.example", "null"] {
            let answer = get(path, other).await;
            assert_eq!(answer.find("access-control-allow-origin"), None, "{path} {other}");
        }
    }
}

#[tokio::test]
async fn everybody_is_no_origin_and_the_app_refuses_to_start_with_it() {
    for everybody in ["*", "null"] {
        let Some(plan) = HostPlan::fresh() else { return };
        let host = plan.variable("cors_origins", everybody).start();
        for path in ["/api/auth/me", "/api/memos"] {
            TestApp::on(&host).anonymous().get(path).await.problem(503);
        }
        let (stopped, _) = host.terminate();
        assert!(stopped.log().contains("variable cors_origins"), "{}", stopped.log());
    }
}

#[tokio::test]
async fn pages_of_other_sites_may_read_nothing() {
    for path in PATHS {
        let response = get_with(path, "origin", "https://elsewhere.example").await;
        assert_eq!(response.find("access-control-allow-origin"), None, "{path}");
    }
    let preflight = TestApp::shared()
        .anonymous()
        .call(Method::OPTIONS, "/api/memos")
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "POST")
        .send()
        .await;
    // It is answered as any OPTIONS is, and grants nothing.
    for granted in ["origin", "methods", "headers", "credentials"] {
        let name = format!("access-control-allow-{granted}");
        assert_eq!(preflight.find(&name), None, "{preflight:?}");
    }
}
