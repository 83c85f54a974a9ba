//! Everything a service takes from outside, as ports: a component gets the real ones, tests and the simulation bring
//! their own.

pub mod backpressure;
pub mod clock;
pub mod random;

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::store::kv::{Kv, KvError};
use backpressure::Backpressure;
use clock::Clock;
use random::Random;

/// The outside world of a service.
#[derive(Clone)]
pub struct Ports {
    /// The key-value store.
    pub kv: Arc<dyn Kv>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Keeps other requests away while this instance computes.
    pub backpressure: Arc<dyn Backpressure>,
    /// Where a finished log line goes.
    pub log: fn(&str),
    /// Sees to work that no answer has to wait for: [`at_once`], or `in_background`.
    pub afterwards: fn(Task) -> Task,
}

/// Work that nobody needs the result of.
pub type Task = BoxFuture<'static, ()>;

/// Whoever hands over work does it before going on.
pub fn at_once(task: Task) -> Task {
    task
}

/// The work goes on beside the request, and after its answer; an instance that is ended then leaves it undone.
#[cfg(target_family = "wasm")]
pub fn in_background(task: Task) -> Task {
    spin_sdk::wasip3::spawn(task);
    Box::pin(std::future::ready(()))
}

impl Ports {
    /// A number that nobody else has of this counter: its next one, or a random one where the store can't count.
    ///
    /// # Errors
    /// Those of the store, which stands for missing randomness as well.
    pub async fn number_of(&self, counter: &str) -> Result<u64, KvError> {
        if self.kv.has_increment() {
            return Ok(u64::try_from(self.kv.increment(counter, 1).await?).unwrap_or(0));
        }
        let random = self.random.bytes::<8>();
        let random = random.map_err(|error| KvError::Unavailable(error.to_string()))?;
        Ok(u64::from_le_bytes(random))
    }

    /// Writes a line of its own to the log, for what is no request's result: a warning, or something that was passed over.
    pub fn warn(&self, message: &str, cause: impl std::fmt::Display) {
        let line = serde_json::json!({
            "time": self.clock.now().to_rfc3339(),
            "level": "warn",
            "message": message,
            "cause": cause.to_string(),
        });
        (self.log)(&line.to_string());
    }
}

/// Writes a log line to stderr, where Spin collects a component's log.
pub fn log_to_stderr(line: &str) {
    eprintln!("{line}");
}
