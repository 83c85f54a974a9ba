//! Where the log of changes begins.

use common::{
    store::kv::{KvError, decode},
    world::clock::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Entry, KEPT};
use crate::catalog::{Catalog, skip::SETTLED};

/// A reader who passes every so many-th entry removes as many old ones.
pub const CUT_EVERY: u64 = 64;

/// Where the log begins: everything below has been removed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogStart {
    first: u64,
}

impl Catalog<'_> {
    /// A place in the log below which every change has come by now: that of an entry that is old enough, or the beginning.
    pub(super) async fn log_before(&self, head: u64, now: Timestamp) -> Result<u64, KvError> {
        for number in back_from(head) {
            // An old entry has younger ones above it only.
            let entry = self.entry(number).await?;
            if entry.is_some_and(|entry| now.since(entry.at) >= SETTLED) {
                return Ok(number);
            }
        }
        Ok(self.log_start().await?.saturating_sub(1))
    }

    pub(in crate::catalog) async fn log_start(&self) -> Result<u64, KvError> {
        let start: Option<LogStart> = self.ports.kv.get_json(&self.names.log_start()).await?;
        Ok(start.map_or(1, |start| start.first))
    }

    async fn entry(&self, number: u64) -> Result<Option<Entry>, KvError> {
        let key = self.names.change(number);
        let value = self.ports.kv.get(&key).await?;
        value.map_or(Ok(None), |bytes| self.readable_entry(&key, &bytes))
    }

    /// The entry, unless its record can't be read: then it is as good as lost, and the log knows. One of a newer version is not.
    pub(super) fn readable_entry(&self, key: &str, bytes: &[u8]) -> Result<Option<Entry>, KvError> {
        match decode(key, bytes) {
            Err(error @ KvError::Corrupt { .. }) => {
                self.ports.warn("a change was left out of the feed", error);
                Ok(None)
            }
            entry => entry.map(Some),
        }
    }

    /// Removes entries that nobody needs any more, from the log's beginning. Two readers who do so at once remove the same
    /// ones. A failure leaves them for the next one.
    pub(super) async fn cut_log(&self, now: Timestamp) {
        let cut = async {
            let first = self.log_start().await?;
            let mut kept = first;
            for number in first..first.saturating_add(CUT_EVERY) {
                match self.entry(number).await? {
                    Some(entry) if now.since(entry.at) < KEPT => break,
                    Some(_) => kept = number.saturating_add(1),
                    // A number that was lost goes with the next entry.
                    None => {}
                }
            }
            if kept == first {
                return Ok(());
            }
            // First where the log begins, so that nobody takes a removed entry for one that is to come.
            self.ports
                .kv
                .set_json(&self.names.log_start(), &LogStart { first: kept })
                .await?;
            for number in first..kept {
                self.ports.kv.delete(&self.names.change(number)).await?;
            }
            Ok::<(), KvError>(())
        };
        if let Err(error) = cut.await {
            self.ports.warn("the log of changes was not cut", error);
        }
    }
}

/// Some numbers from `head` down, each further below it than the one before.
pub fn back_from(head: u64) -> impl Iterator<Item = u64> {
    let backs = std::iter::successors(Some(0_u64), |back| Some(back.saturating_mul(2).max(1)));
    backs
        .take_while(move |back| *back < head)
        .map(move |back| head.saturating_sub(back))
}
