//! The component's entry: Spin's request in, the router's response out.

use std::sync::Arc;

use axum::Router;
use common::{
    config::ConfigErrors,
    entry::{Instance, StartError},
    variable,
    world::Ports,
};
use spin_sdk::{
    http::{IntoResponse, Request},
    http_service,
};

use crate::{Config, catalog::quota::Limits, issuer::http::HttpIssuer};

static INSTANCE: Instance = Instance::new("memo");

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    INSTANCE.serve(request, router).await
}

async fn router(ports: Ports) -> Result<Router, StartError> {
    let limits = Limits::parse(
        &variable::get("max_memos").await?,
        &variable::get("max_bytes").await?,
        &variable::get("trash_days").await?,
    );
    let config = Config {
        issuer: variable::get("issuer").await?,
        audience: variable::get("audience").await?,
        jwks_origin: variable::get("jwks_origin").await?,
        jwks: variable::get("jwks").await?,
        public_origin: variable::get("public_origin").await?,
        site_origin: variable::get("site_origin").await?,
        cors_origins: variable::get("cors_origins").await?,
        limits: limits.clone().unwrap_or_default(),
        maintenance_token: variable::get("maintenance_token").await?,
    };
    let issuer = HttpIssuer::at(&config.jwks_origin);
    let router = crate::app(ports, config, Arc::new(issuer));
    Ok(ConfigErrors::both(router, limits)?.0)
}
