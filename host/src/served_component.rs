//! A component as it is served: requests go to its instances, within the limit on their number.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::{
    Error, WasiBody,
    handler::{InstantiationError, ProxyHandler},
};

use crate::{
    instance_limit::{AtLimit, InstanceLimit},
    instances::{Factory, Settings, TakenBy, UnfinishedBodies},
    outbound::Outbound,
    state::State,
};

/// A component that is loaded, with its instances.
pub struct ServedComponent {
    handler: ProxyHandler<Factory>,
    limit: Arc<InstanceLimit>,
}

impl ServedComponent {
    pub fn new(linker: &Linker<State>, component: &Component, outbound: Outbound, settings: Settings) -> Result<Self> {
        let limit = Arc::new(InstanceLimit::new(settings.max_instances));
        let factory = Factory::new(linker, component, outbound, settings, limit.clone())?;
        Ok(Self {
            handler: ProxyHandler::new(factory),
            limit,
        })
    }

    /// Has the request answered by an instance.
    ///
    /// # Errors
    ///
    /// [`AtLimit`] if no instance had room for it in time, and whatever the handler fails with.
    pub async fn handle(&self, mut request: Request<WasiBody>) -> wasmtime::Result<Response<WasiBody>> {
        let taken_by = TakenBy::default();
        let mut waiting = None;
        loop {
            let error = match self.handler.handle(taken_by.clone(), request).await {
                Ok(response) => return Ok(until_sent(response, &taken_by)),
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
}

/// Counts the answer's body as unfinished until it is sent or dropped.
fn until_sent(response: Response<WasiBody>, taken_by: &TakenBy) -> Response<WasiBody> {
    let Some(unfinished) = taken_by.get() else {
        return response;
    };
    unfinished.begin();
    let unfinished = unfinished.clone();
    response.map(|body| CountedBody { body, unfinished }.boxed_unsync())
}

struct CountedBody {
    body: WasiBody,
    unfinished: Arc<UnfinishedBodies>,
}

impl Drop for CountedBody {
    fn drop(&mut self) {
        self.unfinished.end();
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
