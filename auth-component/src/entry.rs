//! The component's entry: Spin's request in, the router's response out.

use axum::Router;
use common::{entry::Instance, ports::Ports, variable};
use spin_sdk::{
    http::{IntoResponse, Request},
    http_service,
};

use crate::Config;

static INSTANCE: Instance = Instance::new("auth");

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    INSTANCE.serve(request, router).await
}

async fn router(ports: Ports) -> Result<Router, String> {
    let get = |name| async move { variable::get(name).await.map_err(|error| error.to_string()) };
    let config = Config {
        issuer: get("issuer").await?,
        audience: get("audience").await?,
        signing_key: get("signing_key").await?,
        cors_origins: get("cors_origins").await?,
    };
    crate::app(ports, config)
}
