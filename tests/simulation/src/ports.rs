//! The services' ports into the [`World`].

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use common::{
    store::kv::{Kv, KvError},
    world::{
        Ports, at_once,
        backpressure::{Backpressure, Raised},
        clock::{Clock, Timestamp},
        random::{Random, RandomError},
    },
};

use crate::{
    op::{Ask, Phase, Reply, Response},
    world::{World, millis},
};

/// The ports of one instance.
pub fn of(world: &Arc<World>, instance: usize) -> Ports {
    Ports {
        kv: Arc::new(SimKv(Arc::clone(world))),
        clock: Arc::new(SimClock {
            world: Arc::clone(world),
            instance,
        }),
        random: Arc::new(SimRandom(Arc::clone(world))),
        backpressure: Arc::new(SimBackpressure(Arc::clone(world))),
        log: |_| {},
        afterwards: at_once,
    }
}

struct SimKv(Arc<World>);

impl SimKv {
    fn ask(&self, ask: Ask) -> Asking<'_> {
        Asking {
            world: &self.0,
            ask: Some(ask),
            op: None,
        }
    }
}

/// An operation as its request sees it: pending until it is granted.
struct Asking<'a> {
    world: &'a World,
    ask: Option<Ask>,
    op: Option<u64>,
}

impl Future for Asking<'_> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let mut state = self.world.state();
        if let Some(ask) = self.ask.take() {
            if state.direct {
                let caller = state.running;
                return Poll::Ready(state.apply(caller, &ask));
            }
            self.op = Some(state.ask(ask, context.waker().clone()));
            return Poll::Pending;
        }
        let Some(index) = self.op.and_then(|id| state.op(id)) else {
            return Poll::Pending;
        };
        if matches!(state.ops[index].phase, Phase::Arrived(_)) {
            self.op = None;
            match state.ops.remove(index).phase {
                Phase::Arrived(response) => return Poll::Ready(response),
                Phase::Asked | Phase::Done(_) => unreachable!("it has arrived"),
            }
        }
        state.ops[index].waker.clone_from(context.waker());
        Poll::Pending
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        // Dropped while under way: whoever asked no longer wants to know. Every other write comes to the store all the same.
        let mut state = self.world.state();
        let Some(index) = self.op.and_then(|id| state.op(id)) else {
            return;
        };
        let op = &mut state.ops[index];
        if matches!(op.phase, Phase::Asked) && op.ask.writes() && op.id.is_multiple_of(2) {
            op.caller = None;
        } else {
            state.ops.remove(index);
        }
    }
}

#[async_trait]
impl Kv for SimKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        match self.ask(Ask::Get(key.to_owned())).await? {
            Reply::Value(value) => Ok(value),
            other => unreachable!("{other:?}"),
        }
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.ask(Ask::Set(key.to_owned(), value.to_vec())).await.map(|_| ())
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.ask(Ask::Delete(key.to_owned())).await.map(|_| ())
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        match self.ask(Ask::Exists(key.to_owned())).await? {
            Reply::Found(found) => Ok(found),
            other => unreachable!("{other:?}"),
        }
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        match self.ask(Ask::Keys(prefix.to_owned())).await? {
            Reply::Keys(keys) => Ok(keys),
            other => unreachable!("{other:?}"),
        }
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        match self.ask(Ask::Increment(key.to_owned(), delta)).await? {
            Reply::Sum(sum) => Ok(sum),
            other => unreachable!("{other:?}"),
        }
    }

    fn has_increment(&self) -> bool {
        !self.0.state().setting.plain
    }
}

struct SimClock {
    world: Arc<World>,
    instance: usize,
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let state = self.world.state();
        let skew = state.setting.skews.get(self.instance).copied().unwrap_or(0);
        let now = state.setting.mutant.now(state.running, state.now);
        Timestamp(now.saturating_add_signed(skew))
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.world.state().now + millis(duration);
        // However it ends, the request has slept.
        let _ = SimKv(Arc::clone(&self.world)).ask(Ask::Sleep(until)).await;
    }
}

/// Notes who computes, and when.
struct SimBackpressure(Arc<World>);

#[async_trait]
impl Backpressure for SimBackpressure {
    async fn raise(&self) -> Raised {
        let mut state = self.0.state();
        let (now, running) = (state.now, state.running);
        state.computed.extend(running.map(|caller| (now, caller.call)));
        Raised::until_dropped(|| ())
    }
}

/// Gives words that differ from each other in their upper bits: two that are equal by chance are a risk that the
/// services take knowingly, and not what is looked for here.
struct SimRandom(Arc<World>);

impl Random for SimRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        let mut state = self.0.state();
        for chunk in buffer.chunks_mut(4) {
            state.randoms = state.randoms.wrapping_add(0x9E37_79B9);
            chunk.copy_from_slice(&state.randoms.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
