//! A component's instances: made on demand, reused as Spin reuses them, and ended when they take too long.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use futures::task::AtomicWaker;
use tokio::time::Sleep;
use wasmtime::{
    Engine, Store, StoreContextMut, UpdateDeadline,
    component::{Component, GuestTaskId, Linker},
};
use wasmtime_wasi_http::{
    WasiHttpView,
    handler::{HandlerState, Instance, Proxy, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus},
    p2, p3,
};

use crate::{
    engine::TICK,
    grants::Grants,
    instance_limit::{InstanceLimit, Place},
    outbound::Outbound,
    output::report,
    state::State,
};

/// How many requests an instance serves at a time: Spin's default for WASI 0.3.
const MAX_CONCURRENT_REQUESTS: usize = 16;
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
        let bodies = Arc::new(UnfinishedBodies::default());
        Ok(Instance {
            store,
            proxy,
            view: WasiHttpView::http,
            expiration: Expiration {
                busy_timeout: request_timeout + GRACE,
                sleep: Box::pin(tokio::time::sleep(Duration::MAX)),
                bodies: bodies.clone(),
            },
            state: Worker {
                component: self.grants.id.clone(),
                max_requests,
                max_concurrent_requests,
                request_timeout,
                bodies,
                limit: self.limit.clone(),
                _place: place,
            },
        })
    }
}

/// Lets a guest run for a time slice of one to two ticks before others have a turn.
///
/// The epoch advances while a guest waits for I/O, so the first tick after a wait is always overdue. If the guest yielded
/// on it, every wait would send it to the back of the run queue. So the first tick only starts a time slice; a second one
/// within 1.5 ticks ends it.
#[derive(Default)]
struct TimeSlice {
    began: Option<Instant>,
}

impl TimeSlice {
    fn tick(&mut self, now: Instant) -> UpdateDeadline {
        let is_over = self.began.is_some_and(|began| now - began < TICK * 3 / 2);
        self.began = (!is_over).then_some(now);
        if is_over {
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Continue(1)
        }
    }
}

/// How many answers of an instance are on their way to clients. Each may keep memory of the guest.
#[derive(Default)]
pub struct UnfinishedBodies {
    count: AtomicUsize,
    /// The instance's task, which looks at the count when it is woken.
    worker: AtomicWaker,
}

impl UnfinishedBodies {
    pub fn begin(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub fn end(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.worker.wake();
    }
}

/// Tells a request which instance has taken it: that one's unfinished bodies.
pub type TakenBy = Arc<OnceLock<Arc<UnfinishedBodies>>>;

/// When an instance ends: after idling, or when its newest request has taken too long.
pub struct Expiration {
    busy_timeout: Duration,
    sleep: Pin<Box<Sleep>>,
    bodies: Arc<UnfinishedBodies>,
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        self.bodies.worker.register(context.waker());
        let timeout = match status {
            WorkerStatus::Idle => IDLE_TIMEOUT,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.busy_timeout,
        };
        let deadline = (since + timeout).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// How many requests an instance takes on.
pub struct Worker {
    component: String,
    max_requests: usize,
    max_concurrent_requests: usize,
    request_timeout: Duration,
    bodies: Arc<UnfinishedBodies>,
    limit: Arc<InstanceLimit>,
    _place: Place,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = TakenBy;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        let unfinished = self.bodies.count.load(Ordering::Relaxed);
        if total >= self.max_requests {
            ShouldAccept::Never
        } else if concurrent + unfinished >= self.max_concurrent_requests {
            ShouldAccept::No
        } else {
            self.limit.there_is_room();
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        taken_by: TakenBy,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // A request is taken once only.
        let _ = taken_by.set(self.bodies.clone());
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
        }
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

    #[test]
    fn answers_that_are_not_sent_yet_count_as_requests() {
        let (bodies, limit) = (Arc::new(UnfinishedBodies::default()), Arc::new(InstanceLimit::new(1)));
        let worker = Worker {
            component: "test".to_owned(),
            max_requests: 128,
            max_concurrent_requests: 16,
            request_timeout: Duration::ZERO,
            bodies: bodies.clone(),
            _place: limit.enter().unwrap(),
            limit,
        };
        let accepts = || matches!(worker.should_accept_request(4, 100), ShouldAccept::Yes);
        (0..11).for_each(|_| bodies.begin());
        assert!(accepts());
        bodies.begin();
        assert!(!accepts());
        bodies.end();
        assert!(accepts());
    }

    #[test]
    fn a_busy_guest_yields_and_a_guest_resuming_after_a_wait_does_not() {
        let yields = |ticks: &[u32]| -> Vec<bool> {
            let (start, mut slice) = (Instant::now(), TimeSlice::default());
            let ticks = ticks
                .iter()
                .map(|milliseconds| start + Duration::from_millis((*milliseconds).into()));
            ticks
                .map(|now| matches!(slice.tick(now), UpdateDeadline::Yield(_)))
                .collect()
        };
        assert_eq!(yields(&[0, 10, 20, 30]), [false, true, false, true]);
        assert_eq!(yields(&[0, 40, 90, 5000]), [false; 4]);
        assert_eq!(yields(&[0, 40, 50, 60]), [false, false, true, false]);
    }
}
