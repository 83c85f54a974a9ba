//! A component's instances: made on demand, reused as Spin reuses them, and ended when they take too long.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use tokio::time::Sleep;
use wasmtime::{
    Engine, Store, StoreContextMut,
    component::{Component, GuestTaskId, Linker},
};
use wasmtime_wasi_http::{
    WasiHttpView,
    handler::{HandlerState, Instance, Proxy, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus},
    p2, p3,
};

use crate::{
    grants::Grants,
    instance_limit::{InstanceLimit, Place},
    open_answers::OpenAnswers,
    outbound::Outbound,
    output::report,
    state::State,
    taken::TakenBy,
    telemetry::component_metrics::{ComponentMetrics, Ending},
    time_slice::TimeSlice,
};

/// How many requests an instance serves at a time: Spin's default for WASI 0.3.
const MAX_CONCURRENT_REQUESTS: usize = 16;
/// How many event streams an instance has at a time.
const MAX_CONCURRENT_STREAMS: usize = 128;
/// How long an instance without requests is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);
/// An instance outlives its request's timeout by this much, so that the timeout is what the client hears of.
const GRACE: Duration = Duration::from_millis(500);

/// Makes the instances of one component.
pub struct Factory {
    grants: Arc<Grants>,
    outbound: Outbound,
    settings: Settings,
    engine: Engine,
    component: ProxyPre<State>,
    limit: Arc<InstanceLimit>,
    metrics: ComponentMetrics,
}

/// What holds for all components.
#[derive(Clone)]
pub struct Settings {
    pub request_timeout: Duration,
    /// In bytes.
    pub memory_limit: usize,
    /// How many instances one component may have at a time.
    pub max_instances: u32,
    /// How many requests an instance serves before it is replaced.
    pub max_requests: usize,
    /// Drops what components print.
    pub quiet: bool,
}

impl Factory {
    pub fn new(
        linker: &Linker<State>,
        component: &Component,
        outbound: Outbound,
        settings: Settings,
        limit: Arc<InstanceLimit>,
        metrics: ComponentMetrics,
    ) -> Result<Self> {
        let pre = linker
            .instantiate_pre(component)
            .map_err(|error| anyhow!("it needs something that this host does not offer: {error:#}"))?;
        let component = match p3::bindings::ServicePre::new(pre.clone()) {
            Ok(service) => ProxyPre::P3(service),
            Err(_) => ProxyPre::P2(p2::bindings::ProxyPre::new(pre).map_err(|_| {
                anyhow!("it answers no HTTP requests: it exports neither wasi:http/handler@0.3 nor wasi:http/incoming-handler@0.2")
            })?),
        };
        Ok(Self {
            grants: outbound.grants.clone(),
            outbound,
            settings,
            engine: linker.engine().clone(),
            component,
            limit,
            metrics,
        })
    }
}

impl HandlerState for Factory {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let place = self.limit.enter()?;
        let Settings {
            request_timeout,
            memory_limit,
            max_requests,
            quiet,
            ..
        } = self.settings;
        let state = State::new(self.grants.clone(), self.outbound.clone(), quiet, memory_limit);
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        let mut slice = TimeSlice::default();
        store.epoch_deadline_callback(move |_| Ok(slice.tick(Instant::now())));
        let proxy = tokio::time::timeout(request_timeout, self.component.instantiate_async(&mut store)).await??;
        // WASI 0.2 has no way to hand a second request to an instance.
        let (max_requests, max_concurrent_requests) = match proxy {
            Proxy::P2(_) => (1, 1),
            Proxy::P3(_) => (max_requests, MAX_CONCURRENT_REQUESTS),
        };
        self.metrics.made.inc();
        let open = Arc::new(OpenAnswers::counted_in(self.metrics.streams.clone()));
        Ok(Instance {
            store,
            proxy,
            view: WasiHttpView::http,
            expiration: Expiration {
                busy_timeout: request_timeout + GRACE,
                sleep: Box::pin(tokio::time::sleep(Duration::MAX)),
                open: open.clone(),
            },
            state: Worker {
                component: self.grants.id.clone(),
                max_requests,
                max_concurrent_requests,
                request_timeout,
                open,
                limit: self.limit.clone(),
                metrics: self.metrics.clone(),
                _place: place,
            },
        })
    }
}

/// When an instance ends: after idling, or when its newest request has taken too long. Event streams have a limit of their
/// own, so it does not end under them; when the last one is over, the guest has as long as after a request.
pub struct Expiration {
    busy_timeout: Duration,
    sleep: Pin<Box<Sleep>>,
    open: Arc<OpenAnswers>,
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        self.open.worker.register(context.waker());
        let (timeout, since) = match status {
            WorkerStatus::Idle => (IDLE_TIMEOUT, since),
            WorkerStatus::Requests => (self.busy_timeout, since),
            WorkerStatus::PostReturn if self.open.streams() > 0 => return Poll::Pending,
            WorkerStatus::PostReturn => {
                let stream_ended = self.open.last_stream_ended();
                (self.busy_timeout, stream_ended.map_or(since, |ended| ended.max(since)))
            }
        };
        let deadline = (since + timeout).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        let is_over = self.sleep.as_mut().poll(context);
        if is_over.is_ready() && status != WorkerStatus::Idle {
            self.open.ends_because(Ending::TimedOut);
        }
        is_over
    }
}

/// How many requests an instance takes on.
pub struct Worker {
    component: String,
    max_requests: usize,
    max_concurrent_requests: usize,
    request_timeout: Duration,
    open: Arc<OpenAnswers>,
    limit: Arc<InstanceLimit>,
    metrics: ComponentMetrics,
    _place: Place,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = TakenBy;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        let is_full = concurrent + self.open.unfinished() >= self.max_concurrent_requests;
        if total >= self.max_requests {
            self.open.ends_because(Ending::Used);
            ShouldAccept::Never
        } else if is_full || self.open.streams() >= MAX_CONCURRENT_STREAMS {
            ShouldAccept::No
        } else {
            self.limit.there_is_room();
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        taken: TakenBy,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        taken.by_instance(&self.open);
        if let Some(span) = taken.span() {
            store.data_mut().traced_tasks.begin(task, span.clone());
        }
        Box::pin(tokio::time::sleep(self.request_timeout))
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        drop(store);
        if let Err(error) = result {
            // What the handler says of any instance whose task is dropped, as all are that live at shutdown.
            if error.to_string() == "worker panicked" && !std::thread::panicking() {
                return;
            }
            report(format_args!("component {} failed: {}", self.component, cause(&error)));
            if self.open.ending() != Ending::TimedOut {
                self.open.ends_because(Ending::Failed);
            }
        }
        self.metrics.ended(self.open.ending());
    }
}

/// What went wrong. A trap's backtrace says nothing here, since the components carry no names.
pub fn cause(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> (Worker, Arc<OpenAnswers>) {
        let (open, limit) = (
            Arc::new(OpenAnswers::default()),
            Arc::new(InstanceLimit::new(1, ComponentMetrics::default())),
        );
        let worker = Worker {
            component: "test".to_owned(),
            max_requests: 1024,
            max_concurrent_requests: 16,
            request_timeout: Duration::ZERO,
            open: open.clone(),
            _place: limit.enter().unwrap(),
            limit,
            metrics: ComponentMetrics::default(),
        };
        (worker, open)
    }

    #[test]
    fn answers_that_are_not_sent_yet_count_as_requests() {
        let (worker, open) = worker();
        let accepts = || matches!(worker.should_accept_request(4, 100), ShouldAccept::Yes);
        (0..11).for_each(|_| open.begin());
        assert!(accepts());
        open.begin();
        assert!(!accepts());
        open.end();
        assert!(accepts());
    }

    #[test]
    fn event_streams_have_a_limit_of_their_own() {
        let (worker, open) = worker();
        let accepts = || matches!(worker.should_accept_request(15, 200), ShouldAccept::Yes);
        (0..127).for_each(|_| open.begin_stream());
        assert!(accepts());
        open.begin_stream();
        assert!(!accepts());
        open.end_stream();
        assert!(accepts());
    }
}
