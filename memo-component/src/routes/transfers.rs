//! How many exports and imports an instance does at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// An instance has 128 MiB. An export of an archive keeps its directory, 6 MB for 50,000 memos, and an import what it knows
/// of as many, a line of 2 MiB and what that is parsed into: sixteen of them might be too much.
const TRANSFERS_MAX: usize = 4;

/// The exports and imports that are under way in this instance.
#[derive(Default)]
pub struct Transfers(AtomicUsize);

/// The place of an export or an import. Dropping it makes room for another one.
pub struct Place(Arc<Transfers>);

impl Transfers {
    /// A place for another one; none where there are too many.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        let place = Place(Arc::clone(self));
        let others = self.0.fetch_add(1, Ordering::Relaxed);
        // Where there is no room, dropping the place takes back what was added.
        (others < TRANSFERS_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
