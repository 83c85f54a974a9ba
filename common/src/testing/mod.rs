//! A world that tests own: a store in memory, a clock that is moved by hand, and randomness that repeats from run to
//! run. With the cargo feature `testing`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests, where a panic is a failed test"
)]

mod counting;
pub mod described;
pub mod parsers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body, response::Response};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower_service::Service;

use crate::{
    store::kv::{Kv, MemoryKv},
    world::{
        Ports, at_once,
        backpressure::{Backpressure, Raised},
        clock::{Clock, Timestamp},
        random::{Random, RandomError},
    },
};

pub use counting::{Calls, CountingKv};

/// When a [`HandClock`] begins: 2026-09-21T14:13:20Z.
pub const EPOCH: Timestamp = Timestamp(1_790_000_000_000);

/// A clock that stands still until it is moved. Who sleeps moves it.
#[derive(Debug)]
pub struct HandClock(AtomicU64);

impl Default for HandClock {
    fn default() -> Self {
        Self(AtomicU64::new(EPOCH.0))
    }
}

impl HandClock {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.0
            .fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
        yield_now().await;
    }
}

/// Lets other futures of the same executor go first.
pub async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return std::task::Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Bytes that differ from call to call and not from run to run.
#[derive(Debug, Default)]
pub struct SeededRandom(AtomicU64);

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// No randomness at all.
#[derive(Debug, Default)]
pub struct NoRandom;

impl Random for NoRandom {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError("none in this test".to_owned()))
    }
}

/// Counts how often an instance computed for a while.
#[derive(Debug, Default)]
pub struct CountedBackpressure(AtomicUsize);

impl CountedBackpressure {
    /// How often so far.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Backpressure for CountedBackpressure {
    async fn raise(&self) -> Raised {
        self.0.fetch_add(1, Ordering::SeqCst);
        Raised::until_dropped(|| ())
    }
}

/// The world of a test.
#[derive(Clone)]
pub struct World {
    /// The store.
    pub kv: Arc<dyn Kv>,
    /// The time.
    pub clock: Arc<HandClock>,
    /// How often an instance computed for a while.
    pub backpressure: Arc<CountedBackpressure>,
    random: Arc<SeededRandom>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world with an empty store.
    pub fn new() -> Self {
        Self::over(Arc::new(MemoryKv::default()))
    }

    /// A world over this store.
    pub fn over(kv: Arc<dyn Kv>) -> Self {
        Self {
            kv,
            clock: Arc::default(),
            backpressure: Arc::default(),
            random: Arc::default(),
        }
    }

    /// The ports of an instance in this world. They write no log.
    pub fn ports(&self) -> Ports {
        Ports {
            kv: Arc::clone(&self.kv),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::clone(&self.random) as Arc<dyn Random>,
            backpressure: Arc::clone(&self.backpressure) as Arc<dyn Backpressure>,
            log: |_| {},
            afterwards: at_once,
        }
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// Lets seconds pass.
    pub fn pass_secs(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }
}

/// An answer, read to the end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as JSON; null where it is empty.
    pub body: Value,
}

impl Answer {
    /// A header's value; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of the body that is a string.
    pub fn text(&self, field: &str) -> String {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {self:?}"))
            .to_owned()
    }
}

/// Sends a request through a router; the body of the answer is still to be read.
pub async fn respond(router: &Router, request: Request<Body>) -> Response {
    router
        .clone()
        .call(request)
        .await
        .unwrap_or_else(|never| match never {})
}

/// Sends a request through a router and reads the answer.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = respond(router, request).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// A request with headers and a text as its body.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// Runs a test to its end.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    futures::executor::block_on(test)
}
