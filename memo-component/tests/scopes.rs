//! What an access token has to be for, on every route.

use crate::support::{TestApp, run};
use axum::body::Body;
use common::testing::respond;
use http::{Request, StatusCode};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The paths of all routes, read where they are said, so that none is forgotten here.
fn paths() -> Vec<String> {
    let source = include_str!("../src/routes/mod.rs");
    let mut paths: Vec<String> = source
        .split('"')
        .filter(|literal| literal.starts_with("/api/"))
        .map(|path| {
            path.replace("{id}", "1")
                .replace("{version}", "1")
                .replace("{share}", "1")
        })
        // Whoever has the link needs no token at all.
        .filter(|path| path != "/api/shares/{token}")
        .collect();
    paths.dedup();
    assert!(paths.len() >= 12, "{paths:?}");
    paths
}

fn request(app: &TestApp, method: &str, path: &str, scope: &str) -> Request<Body> {
    let token = app.token_for("ann", "memo-api", 600, scope);
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Bearer {token}"));
    request.body(Body::empty()).unwrap()
}

#[test]
fn every_route_asks_for_its_scope() {
    run(async {
        let app = TestApp::new();
        let mut served = 0;
        for (path, method) in paths().iter().flat_map(|path| METHODS.map(|method| (path, method))) {
            if path == "/api/memos/openapi.json" {
                continue; // Everybody's.
            }
            // Nobody's token but its own opens it, and no token of a person's ever does.
            let is_maintenance = path == "/api/memos/maintenance" && method == "POST";
            let (needed, other) = match method {
                _ if path == "/api/memos/erasure" => ("memos:erase", "memos:read memos:write account"),
                "GET" | "HEAD" if !path.contains("shares") => ("memos:read", "memos:write"),
                _ => ("memos:write", "memos:read"),
            };
            for scope in ["", "account", "memos", "memos:reads memos:writer", other] {
                let refused = app.send(request(&app, method, path, scope)).await;
                if is_maintenance {
                    assert_eq!(refused.status, StatusCode::NOT_FOUND);
                    continue;
                }
                if refused.status == StatusCode::METHOD_NOT_ALLOWED {
                    continue;
                }
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path} {scope:?}");
                let challenge = format!("Bearer realm=\"memo\", error=\"insufficient_scope\", scope=\"{needed}\"");
                assert_eq!(refused.header("www-authenticate"), challenge, "{method} {path}");
                if method != "HEAD" {
                    assert_eq!(refused.text("type"), "/problems#insufficient-scope");
                }
                served += 1;
            }
            // What else may be wrong with this request, it is not the token.
            let taken = respond(&app.router, request(&app, method, path, needed)).await.status();
            assert_ne!(taken, StatusCode::FORBIDDEN, "{method} {path}");
            assert!(!taken.is_server_error(), "{method} {path}: {taken}");
        }
        assert!(served >= 5 * 15, "only {served} refusals");
    });
}
