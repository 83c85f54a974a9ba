//! Whether anything has happened, at the lowest price: for those who listen and mostly hear nothing.

use common::store::kv::KvError;

use crate::catalog::Catalog;

/// A person's counters as the store keeps them.
///
/// What the bytes say differs from store to store, and nobody reads it. But every create and every change moves a counter, so
/// while the bytes are the same nothing has happened. To look at them is to read two keys. Adding 0, which tells the numbers,
/// is a write that waits for the disk on some stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces(Vec<Option<Vec<u8>>>);

impl Catalog<'_> {
    /// What happened so far has left these traces. Two gets. On a store without `increment` there are none.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn traces(&self) -> Result<Traces, KvError> {
        let counters = [self.names.seq(), self.names.changes()];
        self.ports.kv.get_many(&counters).await.map(Traces)
    }
}
