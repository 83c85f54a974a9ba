//! How many event streams a person has open in this instance.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::token::UserId;

/// How many streams one person may have in one instance. A browser needs one for all its tabs; who opens more than this has
/// lost count of them.
const STREAMS_MAX: usize = 8;

/// The open streams of everybody whom this instance serves.
#[derive(Default)]
pub struct Listeners(Mutex<HashMap<UserId, usize>>);

/// A stream's place among its person's. Dropping it makes room for another one.
pub struct Place {
    listeners: Arc<Listeners>,
    user: UserId,
}

impl Listeners {
    /// A place for another stream of `user`'s; none where there are too many.
    pub fn enter(self: &Arc<Self>, user: &UserId) -> Option<Place> {
        let mut open = self.lock();
        let streams = open.entry(user.clone()).or_default();
        if *streams >= STREAMS_MAX {
            return None;
        }
        *streams = streams.saturating_add(1);
        drop(open);
        Some(Place {
            listeners: Arc::clone(self),
            user: user.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.listeners.lock();
        if let Some(streams) = open.get_mut(&self.user) {
            *streams = streams.saturating_sub(1);
            if *streams == 0 {
                open.remove(&self.user);
            }
        }
    }
}
