//! How often each tag occurs.
//!
//! The counts are a cache beside the [`super::overview`] that they are made from: all that a request needs when nothing has
//! changed since.

use common::store::kv::KvError;
use serde::{Deserialize, Serialize};

use super::{Catalog, Error, changes::Position, counters::Heads};

/// The counts as they are stored.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    position: Position,
    counts: Vec<(String, u64)>,
}

/// The tags of a person's memos.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Each tag and how many memos have it, sorted by tag.
    pub counts: Vec<(String, u64)>,
    /// Whether there are memos that were not looked at in this request.
    pub more: bool,
}

impl Catalog<'_> {
    /// The tags of all memos that are neither archived nor in the trash.
    ///
    /// Costs two increments by nothing and one get when nothing has changed; otherwise what the overview costs, and a set.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tags(&self) -> Result<Tags, Error> {
        let heads = match self.ports.kv.has_increment() {
            true => Some(self.heads().await?),
            false => None,
        };
        if let Some(counts) = self.unchanged_counts(heads).await? {
            return Ok(Tags { counts, more: false });
        }
        let reached = self.overview(heads).await?;
        let tags = Tags {
            counts: reached.overview.counts(),
            more: reached.more,
        };
        if let Some(position) = reached
            .overview
            .position
            .filter(|_| heads.is_some() && reached.is_whole)
        {
            self.remember_counts(position, &tags.counts).await;
        }
        Ok(tags)
    }

    /// Writes the cache. Whoever can't write it is no worse off.
    async fn remember_counts(&self, position: Position, counts: &[(String, u64)]) {
        let record = Record {
            position,
            counts: counts.to_vec(),
        };
        let key = self.names.tag_counts();
        if let Err(error) = self.ports.kv.set_json(&key, &record).await {
            self.ports.warn("the counts of tags were not remembered", error);
        }
    }

    /// The counts, if nothing has changed since they were made.
    async fn unchanged_counts(&self, heads: Option<Heads>) -> Result<Option<Vec<(String, u64)>>, Error> {
        let Some(heads) = heads else {
            return Ok(None);
        };
        let stored: Option<Record> = match self.ports.kv.get_json(&self.names.tag_counts()).await {
            Err(KvError::Corrupt { .. }) => None,
            stored => stored?,
        };
        let unchanged = stored.filter(|record| record.position.is_at(heads));
        Ok(unchanged.map(|record| record.counts))
    }
}
