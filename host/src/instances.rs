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
    outbound::Outbound,
    output::report,
    state::{Grants, State},
};

/// Spin's defaults for WASI 0.3: requests per instance in all, and at a time.
const REQUESTS: usize = 128;
const CONCURRENT_REQUESTS: usize = 16;
/// How long an instance without requests is kept.
const IDLE: Duration = Duration::from_secs(1);
/// An instance outlives its request's timeout by this much, so that the timeout is what the client hears of.
const GRACE: Duration = Duration::from_millis(500);

/// What it takes to make an instance of a component.
pub struct Factory {
    pub grants: Arc<Grants>,
    pub outbound: Outbound,
    pub settings: Settings,
    engine: Engine,
    component: ProxyPre<State>,
}

/// What holds for all components.
#[derive(Clone)]
pub struct Settings {
    pub request_timeout: Duration,
    /// In bytes.
    pub memory_limit: usize,
    /// Drops what components print.
    pub quiet: bool,
}

impl Factory {
    pub fn new(
        linker: &Linker<State>,
        component: &Component,
        grants: Arc<Grants>,
        outbound: Outbound,
        settings: Settings,
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
            grants,
            outbound,
            settings,
            engine: linker.engine().clone(),
            component,
        })
    }
}

impl HandlerState for Factory {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Reuse;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Reuse>> {
        let Settings {
            request_timeout,
            memory_limit,
            quiet,
        } = &self.settings;
        let state = State::new(self.grants.clone(), self.outbound.clone(), *quiet, *memory_limit);
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        let mut turn = Turn::default();
        store.epoch_deadline_callback(move |_| Ok(turn.tick(Instant::now())));
        let proxy = tokio::time::timeout(*request_timeout, self.component.instantiate_async(&mut store)).await??;
        // WASI 0.2 has no way to hand a second request to an instance.
        let (requests, concurrent) = match proxy {
            Proxy::P2(_) => (1, 1),
            Proxy::P3(_) => (REQUESTS, CONCURRENT_REQUESTS),
        };
        Ok(Instance {
            store,
            proxy,
            view: WasiHttpView::http,
            expiration: Expiration {
                busy: *request_timeout + GRACE,
                sleep: Box::pin(tokio::time::sleep(Duration::MAX)),
            },
            state: Reuse {
                component: self.grants.id.clone(),
                requests,
                concurrent,
                timeout: *request_timeout,
            },
        })
    }
}

/// How long the guest has been running, as far as the engine's clock tells.
///
/// The clock goes on while a guest waits, so a guest that comes back has always missed a tick. Did it yield then, it
/// would go to the end of the queue of all that run, after every wait once more. So the first tick only begins a turn,
/// and a second one that comes right after it ends the turn.
#[derive(Default)]
struct Turn {
    began: Option<Instant>,
}

impl Turn {
    fn tick(&mut self, now: Instant) -> UpdateDeadline {
        let ran_on = self.began.is_some_and(|began| now - began < TICK * 3 / 2);
        self.began = (!ran_on).then_some(now);
        if ran_on {
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Continue(1)
        }
    }
}

/// When an instance ends: after idling, or when its newest request has taken too long.
pub struct Expiration {
    busy: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => IDLE,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.busy,
        };
        let deadline = (since + limit).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// How many requests an instance takes on.
pub struct Reuse {
    component: String,
    requests: usize,
    concurrent: usize,
    timeout: Duration,
}

impl WorkerState for Reuse {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.requests {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(tokio::time::sleep(self.timeout))
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
    fn who_runs_on_and_on_yields_and_who_comes_back_does_not() {
        let yields = |ticks: &[u32]| -> Vec<bool> {
            let (start, mut turn) = (Instant::now(), Turn::default());
            let ticks = ticks
                .iter()
                .map(|milliseconds| start + Duration::from_millis((*milliseconds).into()));
            ticks
                .map(|now| matches!(turn.tick(now), UpdateDeadline::Yield(_)))
                .collect()
        };
        assert_eq!(yields(&[0, 10, 20, 30]), [false, true, false, true]);
        assert_eq!(yields(&[0, 40, 90, 5000]), [false; 4]);
        assert_eq!(yields(&[0, 40, 50, 60]), [false, false, true, false]);
    }
}
