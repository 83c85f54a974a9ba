//! A component's entry: what both services do before their router takes over.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    response::{IntoResponse, Response},
};
use serde_json::json;
use spin_sdk::http::Request;
use tower_service::Service;

use crate::{
    clock::{Clock, SystemClock},
    kv::SpinKv,
    layout,
    ports::{Ports, log_to_stderr},
    problem::Problem,
    random::SystemRandom,
    variable,
};

/// A component instance: its router, built by the first request and kept for the others. It holds no request's data.
pub struct Instance {
    service: &'static str,
    router: OnceLock<Router>,
}

impl Instance {
    /// The instance of `service`, whose keys in the store begin with that name.
    pub const fn new(service: &'static str) -> Self {
        Self {
            service,
            router: OnceLock::new(),
        }
    }

    /// Answers `request` with the router that `build` makes. While it can't be made (a store that is away, a wrong
    /// setting) requests are answered 503, and each tries again.
    pub async fn serve<F>(&self, request: Request, build: impl FnOnce(Ports) -> F) -> Response
    where
        F: Future<Output = Result<Router, String>>,
    {
        match self.router(build).await {
            // A clone shares the routes.
            Ok(mut router) => router.call(request).await.unwrap_or_else(|never| match never {}),
            Err(cause) => {
                let time = SystemClock.now().to_rfc3339();
                let line = json!({"time": time, "level": "error", "component": self.service, "cause": cause});
                log_to_stderr(&line.to_string());
                Problem::unavailable(cause).into_response()
            }
        }
    }

    /// Requests that arrive while the router is being built build their own, and the first one done is kept. They must
    /// not wait for each other: a task that sleeps on nothing but another task ends the instance (wit-bindgen without
    /// `inter-task-wakeup`, whose price is a few calls to the host at every await).
    async fn router<F>(&self, build: impl FnOnce(Ports) -> F) -> Result<Router, String>
    where
        F: Future<Output = Result<Router, String>>,
    {
        if let Some(router) = self.router.get() {
            return Ok(router.clone());
        }
        let ports = self.ports().await?;
        layout::check(&ports, self.service)
            .await
            .map_err(|error| error.to_string())?;
        let router = build(ports).await?;
        Ok(self.router.get_or_init(|| router).clone())
    }

    async fn ports(&self) -> Result<Ports, String> {
        let atomics = match variable::get("kv_atomics")
            .await
            .map_err(|error| error.to_string())?
            .as_str()
        {
            "true" => true,
            "false" => false,
            other => {
                return Err(format!(
                    "variable kv_atomics: {other:?} is neither \"true\" nor \"false\""
                ));
            }
        };
        let kv = SpinKv::open(atomics).await.map_err(|error| error.to_string())?;
        Ok(Ports {
            kv: Arc::new(kv),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            log: log_to_stderr,
        })
    }
}
