//! Counters whose values were told before the transaction that holds them is committed.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

/// What was told and is not committed, by store and key. The transaction alone changes it; who reads looks here first, so
/// that a number that somebody was told is seen by everybody from then on.
///
/// At most one transaction's writes are in here, of a few milliseconds.
#[derive(Default)]
pub struct Told(Mutex<HashMap<Arc<str>, HashMap<String, i64>>>);

impl Told {
    /// The counter's value, if it is one that was told and is not committed.
    pub fn get(&self, store: &str, key: &str) -> Option<i64> {
        self.0.lock().get(store)?.get(key).copied()
    }

    /// The counters of a store.
    pub fn keys(&self, store: &str) -> Vec<String> {
        let told = self.0.lock();
        let keys = told.get(store).map(|counters| counters.keys().cloned());
        keys.map(Iterator::collect).unwrap_or_default()
    }

    /// Notes a value that is about to be told.
    pub fn insert(&self, store: &Arc<str>, key: String, value: i64) {
        self.0.lock().entry(store.clone()).or_default().insert(key, value);
    }

    /// Everything in here: store, key and value.
    pub fn all(&self) -> Vec<(Arc<str>, String, i64)> {
        let told = self.0.lock();
        let of = |(store, counters): (&Arc<str>, &HashMap<String, i64>)| {
            let of = |(key, value): (&String, &i64)| (store.clone(), key.clone(), *value);
            counters.iter().map(of).collect::<Vec<_>>()
        };
        told.iter().flat_map(of).collect()
    }

    /// Everything in here is committed. The stores' maps stay: they are filled again with the next transaction.
    pub fn clear(&self) {
        self.0.lock().values_mut().for_each(HashMap::clear);
    }
}
