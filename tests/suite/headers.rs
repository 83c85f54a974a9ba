//! What every answer carries. (That it is there at all, the harness checks at every answer of every test.)

use std::collections::HashSet;

use reqwest::Method;

use crate::harness::{Response, TestApp};

/// One route of each component, and errors of each.
const PATHS: [&str; 6] = [
    "/",
    "/api/auth/me",
    "/api/memos",
    "/.well-known/jwks.json",
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
    assert_eq!(preflight.find("access-control-allow-origin"), None);
    assert!(preflight.status() >= 400, "{preflight:?}");
}
