//! The OpenAPI document, held to the routes.

use crate::support::{TestApp, run};
use common::testing::{described, request};

#[test]
fn every_route_is_described_and_nothing_else() {
    run(async {
        let app = TestApp::new();
        let document = app.send(request("GET", "/api/memos/openapi.json", &[], "")).await;
        described::agrees(&app.router, include_str!("../src/routes/mod.rs"), &document.body).await;
    });
}

#[test]
fn the_scopes_are_those_that_the_routes_ask_for() {
    run(async {
        let app = TestApp::new();
        let document = app.send(request("GET", "/api/memos/openapi.json", &[], "")).await.body;
        let bearer = format!("Bearer {}", app.token_for("ann", "memo-api", 600, ""));
        let mut checked = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Some(scope) = operation["security"][1]["oauth"][0].as_str() else {
                    continue;
                };
                let path = described::example(path);
                let method = method.to_uppercase();
                let refused = app
                    .send(request(&method, &path, &[("authorization", &bearer)], ""))
                    .await;
                let challenge = format!("scope=\"{scope}\"");
                assert!(
                    refused.header("www-authenticate").ends_with(&challenge),
                    "{method} {path}: {refused:?}"
                );
                checked += 1;
            }
        }
        assert!(checked >= 19, "{checked}");
    });
}
