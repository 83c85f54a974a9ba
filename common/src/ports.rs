//! Everything a service takes from outside.

use std::sync::Arc;

use crate::{clock::Clock, kv::Kv, random::Random};

/// The outside world of a service. A component gets the real one; tests and the simulation bring their own.
#[derive(Clone)]
pub struct Ports {
    /// The key-value store.
    pub kv: Arc<dyn Kv>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Where a finished log line goes.
    pub log: fn(&str),
}

/// Writes a log line to stderr, where Spin collects a component's log.
pub fn log_to_stderr(line: &str) {
    eprintln!("{line}");
}
