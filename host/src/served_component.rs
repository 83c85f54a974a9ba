//! A component as it is served: requests go to its instances, within the limit on their number.

use std::sync::Arc;

use anyhow::Result;
use http::{Request, Response};
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::{
    WasiBody,
    handler::{InstantiationError, ProxyHandler},
};

use crate::{
    instance_limit::{AtLimit, InstanceLimit},
    instances::{Factory, Settings},
    open_answers::StreamsEnd,
    outbound::Outbound,
    state::State,
    taken::{Taken, TakenBy},
    telemetry::component_metrics::ComponentMetrics,
};

/// A component that is loaded, with its instances.
pub struct ServedComponent {
    handler: ProxyHandler<Factory>,
    limit: Arc<InstanceLimit>,
    streams: StreamsEnd,
    pub id: Arc<str>,
    pub metrics: ComponentMetrics,
}

impl ServedComponent {
    pub fn new(
        linker: &Linker<State>,
        component: &Component,
        outbound: Outbound,
        settings: Settings,
        metrics: ComponentMetrics,
    ) -> Result<Self> {
        let limit = Arc::new(InstanceLimit::new(settings.max_instances, metrics.clone()));
        let id = outbound.grants.id.as_str().into();
        let factory = Factory::new(linker, component, outbound, settings, limit.clone(), metrics.clone())?;
        Ok(Self {
            handler: ProxyHandler::new(factory),
            limit,
            streams: StreamsEnd::default(),
            id,
            metrics,
        })
    }

    /// Has the request answered by an instance.
    ///
    /// # Errors
    ///
    /// [`AtLimit`] if no instance had room for it in time, and whatever the handler fails with.
    pub async fn handle(&self, mut request: Request<WasiBody>) -> wasmtime::Result<Response<WasiBody>> {
        let taken_by = Taken::by_nobody();
        let mut waiting = None;
        loop {
            let error = match self.handler.handle(taken_by.clone(), request).await {
                Ok(response) => return Ok(self.until_sent(response, &taken_by)),
                Err(error) => error.downcast::<InstantiationError<TakenBy>>()?,
            };
            if !error.error.is::<AtLimit>() {
                return Err(error.into());
            }
            request = error.request.into_inner().map_err(|_| AtLimit)?;
            let waiting = match &waiting {
                Some(waiting) => waiting,
                None => waiting.insert(self.limit.queue()?),
            };
            self.limit.wait(waiting).await?;
        }
    }

    /// Ends the event streams, whose clients come back to whatever is served then.
    pub fn end_streams(&self) {
        self.streams.end();
    }

    fn until_sent(&self, response: Response<WasiBody>, taken_by: &TakenBy) -> Response<WasiBody> {
        match taken_by.by() {
            Some(open) => self.streams.counted(response, open.clone()),
            None => response,
        }
    }
}
