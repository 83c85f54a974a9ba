//! A bound on a component's instances, and a queue for the requests that they have no room for.
//!
//! Instances are what costs memory and processor time: a component that raises backpressure while it computes has another
//! instance opened for each further request. Requests that wait for I/O share an instance, so they are hardly
//! ever kept waiting by this bound.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::telemetry::component_metrics::{ComponentMetrics, Present};

/// Requests that may wait for room. A sign-in takes about 35 ms, so many more would not get their turn in time.
const MAX_WAITING: usize = 256;
/// How long a request waits for room. Then its client should rather try again.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How often a waiting request tries again, if nobody tells it that there is room.
const RETRY: Duration = Duration::from_millis(50);

/// How many instances a component may have at a time.
pub struct InstanceLimit {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    room: Arc<Notify>,
    metrics: ComponentMetrics,
}

/// An instance's place within the limit.
pub struct Place {
    permit: Option<OwnedSemaphorePermit>,
    room: Arc<Notify>,
    _present: Present,
}

/// A request's place in the queue.
pub struct Waiting<'a> {
    _place: SemaphorePermit<'a>,
    _present: Present,
    until: Instant,
}

impl InstanceLimit {
    pub fn new(instances: u32, metrics: ComponentMetrics) -> Self {
        Self {
            places: Arc::new(Semaphore::new(instances as usize)),
            waiting: Semaphore::new(MAX_WAITING),
            room: Arc::default(),
            metrics,
        }
    }

    /// A place for another instance.
    pub fn enter(&self) -> Result<Place, AtLimit> {
        let permit = self.places.clone().try_acquire_owned().map_err(|_| AtLimit)?;
        Ok(Place {
            permit: Some(permit),
            room: self.room.clone(),
            _present: Present::in_gauge(&self.metrics.instances),
        })
    }

    /// Called when an instance could take another request.
    pub fn there_is_room(&self) {
        if self.waiting.available_permits() < MAX_WAITING {
            self.room.notify_one();
        }
    }

    /// A place in the queue.
    pub fn queue(&self) -> Result<Waiting<'_>, AtLimit> {
        let place = self.waiting.try_acquire().map_err(|_| {
            self.metrics.refused_at_once.inc();
            AtLimit
        })?;
        Ok(Waiting {
            _place: place,
            _present: Present::in_gauge(&self.metrics.waiting),
            until: Instant::now() + MAX_WAIT,
        })
    }

    /// Waits until there may be room.
    pub async fn wait(&self, waiting: &Waiting<'_>) -> Result<(), AtLimit> {
        if Instant::now() >= waiting.until {
            self.metrics.refused_late.inc();
            return Err(AtLimit);
        }
        // Either way, the request tries again.
        let _ = timeout(RETRY, self.room.notified()).await;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.permit = None;
        self.room.notify_one();
    }
}

/// All instances are busy.
#[derive(Debug)]
pub struct AtLimit;

impl fmt::Display for AtLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("all its instances are busy")
    }
}

impl std::error::Error for AtLimit {}
