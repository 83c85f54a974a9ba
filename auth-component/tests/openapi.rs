//! The OpenAPI document, held to the routes.

mod support;

use common::testing::described;
use support::{TestApp, run};

#[test]
fn every_route_is_described_and_nothing_else() {
    run(async {
        let app = TestApp::new();
        let document = app.get("/api/auth/openapi.json").await;
        described::agrees(&app.router, include_str!("../src/routes/mod.rs"), &document.body).await;
    });
}
