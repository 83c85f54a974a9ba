//! What the host tells of itself while it runs: [`metrics`] for Prometheus, which [`exposition`] serves, and [`traces`] for an
//! OpenTelemetry collector, to which [`otlp`] sends them as the environment says. Stores tell of both
//! through [`observed_store`].
//!
//! Nothing here holds what a person wrote or what a path, a query or a key names: routes are told as the manifest spells them.

pub mod component_metrics;
pub mod exposition;
pub mod metrics;
pub mod observed_store;
mod otlp;
pub mod traces;

use std::sync::Arc;

use anyhow::Result;

use self::{metrics::Metrics, traces::Traces};

/// The metrics of this host, and its traces where the environment names a collector for them.
pub struct Telemetry {
    pub metrics: Arc<Metrics>,
    pub traces: Option<Traces>,
    /// Without anybody who reads the metrics, or traces, stores are spared the clock.
    pub observes_stores: bool,
}

impl Telemetry {
    /// Sets up the traces as the variables `OTEL_…` of the environment say.
    ///
    /// # Errors
    ///
    /// A variable that can't be followed, with its name.
    pub fn start(app: &str, version: Option<&str>, has_readers: bool) -> Result<Self> {
        let traces = otlp::tracer_provider(app, version, |name| std::env::var(name).ok())?.map(Traces::new);
        Ok(Self {
            metrics: Arc::new(Metrics::new(app, version)),
            observes_stores: has_readers || traces.is_some(),
            traces,
        })
    }

    /// Sends the spans that still wait, for as long as that is worth waiting for.
    pub fn end(&self) {
        if let Some(traces) = &self.traces {
            traces.end();
        }
    }
}
