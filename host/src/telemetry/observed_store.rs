//! A store that tells how long its operations take, and has a span for each in a request that is traced.

use std::{sync::Arc, time::Instant};

use anyhow::Result;
use async_trait::async_trait;
use prometheus_client::metrics::histogram::Histogram;

use super::{Telemetry, traces};
use crate::key_value::Store;

/// A component's store. The span of an operation belongs to the current context.
pub struct ObservedStore {
    store: Arc<dyn Store>,
    telemetry: Arc<Telemetry>,
    component: String,
    label: String,
    get: Histogram,
    set: Histogram,
    delete: Histogram,
    exists: Histogram,
    keys: Histogram,
    increment: Histogram,
}

impl ObservedStore {
    /// The store that a component knows by a label.
    pub fn new(store: Arc<dyn Store>, telemetry: Arc<Telemetry>, component: &str, label: &str) -> Self {
        let histogram = |operation| telemetry.metrics.store(component, label, operation, false);
        Self {
            get: histogram("get"),
            set: histogram("set"),
            delete: histogram("delete"),
            exists: histogram("exists"),
            keys: histogram("get_keys"),
            increment: histogram("increment"),
            store,
            component: component.to_owned(),
            label: label.to_owned(),
            telemetry,
        }
    }

    async fn observe<T>(
        &self,
        operation: &'static str,
        took: &Histogram,
        result: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let traces = self.telemetry.traces.as_ref();
        let span = traces.and_then(|traces| traces.of_operation(operation, &self.label));
        let started = Instant::now();
        let result = result.await;
        let seconds = started.elapsed().as_secs_f64();
        if result.is_ok() {
            took.observe(seconds);
        } else {
            let metrics = &self.telemetry.metrics;
            let failed = metrics.store(&self.component, &self.label, operation, true);
            failed.observe(seconds);
        }
        if let Some(span) = span {
            traces::end_operation(&span, result.is_err());
        }
        result
    }
}

#[async_trait]
impl Store for ObservedStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.observe("get", &self.get, self.store.get(key)).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.observe("set", &self.set, self.store.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.observe("delete", &self.delete, self.store.delete(key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        self.observe("exists", &self.exists, self.store.exists(key)).await
    }

    async fn keys(&self) -> Result<Vec<String>> {
        self.observe("get_keys", &self.keys, self.store.keys()).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        self.observe("increment", &self.increment, self.store.increment(key, delta))
            .await
    }
}
