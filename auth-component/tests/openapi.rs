//! The OpenAPI document, held to the routes.

use crate::support::{TestApp, run};
use common::testing::described;

#[test]
fn every_route_is_described_and_nothing_else() {
    run(async {
        let app = TestApp::new();
        let document = app.get("/api/auth/openapi.json").await;
        described::agrees(&app.router, include_str!("../src/routes/mod.rs"), &document.body).await;
    });
}
