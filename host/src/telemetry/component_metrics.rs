//! What is counted of one component, at hand for those who count: they look nothing up.

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

/// What is counted of one component. Clones count together.
#[derive(Clone, Default)]
pub struct ComponentMetrics {
    pub requests: Counter,
    pub active: Gauge,
    pub instances: Gauge,
    pub made: Counter,
    /// By [`Ending`].
    pub ended: [Counter; Ending::ALL.len()],
    pub streams: Gauge,
    pub waiting: Gauge,
    /// Requests that found the queue full.
    pub refused_at_once: Counter,
    /// Requests that waited for as long as one may.
    pub refused_late: Counter,
}

impl ComponentMetrics {
    /// An instance has ended.
    pub fn ended(&self, ending: Ending) {
        if let Some(counter) = self.ended.get(ending as usize) {
            counter.inc();
        }
    }
}

/// Why an instance ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It had nothing to do.
    #[default]
    Idle,
    /// It has served as many requests as one may.
    Used,
    /// A request took too long.
    TimedOut,
    /// It trapped, or failed in another way.
    Failed,
}

impl Ending {
    /// In the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Idle, Self::Used, Self::TimedOut, Self::Failed];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Used => "used",
            Self::TimedOut => "timed-out",
            Self::Failed => "failed",
        }
    }
}

/// Counts in a gauge for as long as it lives.
pub struct Present(Gauge);

impl Present {
    pub fn in_gauge(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_falls_when_what_it_counts_is_gone() {
        let component = ComponentMetrics::default();
        let present = Present::in_gauge(&component.active);
        assert_eq!(component.active.get(), 1);
        drop(present);
        assert_eq!(component.active.get(), 0);
    }
}
