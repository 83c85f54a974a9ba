//! The component's entry: Spin's request in, the router's response out.

use std::sync::Arc;

use axum::Router;
use common::{
    entry::{Instance, StartError},
    variable,
    world::Ports,
};
use spin_sdk::{
    http::{IntoResponse, Request},
    http_service,
};

use crate::{Config, memo_service::http::HttpMemoService, sign_in::password::Cost};

static INSTANCE: Instance = Instance::new("auth");

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    INSTANCE.serve(request, router).await
}

async fn router(ports: Ports) -> Result<Router, StartError> {
    let config = Config {
        issuer: variable::get("issuer").await?,
        audience: variable::get("audience").await?,
        signing_key: variable::get("signing_key").await?,
        public_origin: variable::get("public_origin").await?,
        site_origin: variable::get("site_origin").await?,
        cors_origins: variable::get("cors_origins").await?,
        memo_origin: variable::get("memo_origin").await?,
        trusted_proxies: variable::get("trusted_proxies").await?,
        maintenance_token: variable::get("maintenance_token").await?,
        password_cost: Cost::OWASP,
    };
    let memo_service = HttpMemoService::at(&config.memo_origin);
    Ok(crate::app(ports, config, Arc::new(memo_service))?)
}
