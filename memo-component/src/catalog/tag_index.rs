//! How often each tag occurs.
//!
//! Two records are caches: `tags` says which memos have which tags as of a position in the feed of changes, and
//! `tag-counts` only how many, which is all that a request needs when nothing has changed since. Each of them says as of
//! when it is right, so of two that are written at the same time either will do, and one that is lost is made anew.

use std::collections::{BTreeMap, BTreeSet};

use common::store::kv::{KvError, encode};
use serde::{Deserialize, Serialize};

use super::{
    Catalog, Error,
    changes::{News, Position},
};
use crate::tags::tags_of;

/// How many times one request reads on in the feed, a hundred memos each time.
const READINGS_MAX: usize = 20;
const READING: usize = 100;

/// How large the record may be, in bytes. Beyond it the rarest tags are left out.
const RECORD_MAX_BYTES: usize = 900_000;

/// Which memos have which tags. Only memos that are neither archived nor in the trash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    position: Option<Position>,
    tags: BTreeMap<String, BTreeSet<u64>>,
}

/// How many memos have each tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    position: Option<Position>,
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

impl Index {
    fn learn(&mut self, news: &[News]) {
        let told: BTreeSet<u64> = news.iter().map(|news| news.id.0).collect();
        self.tags.retain(|_, ids| {
            ids.retain(|id| !told.contains(id));
            !ids.is_empty()
        });
        for news in news {
            let Some(memo) = news.memo.as_ref().filter(|memo| memo.is_active()) else {
                continue;
            };
            for tag in tags_of(memo.text.as_str()) {
                self.tags.entry(tag).or_default().insert(news.id.0);
            }
        }
    }

    fn counts(&self) -> Counts {
        let count = |ids: &BTreeSet<u64>| u64::try_from(ids.len()).unwrap_or(u64::MAX);
        Counts {
            position: self.position.clone(),
            counts: self.tags.iter().map(|(tag, ids)| (tag.clone(), count(ids))).collect(),
        }
    }

    /// The record, without the rarest tags if need be.
    fn encode(&mut self) -> Result<Vec<u8>, KvError> {
        let mut rare = 1;
        loop {
            let bytes = encode(self)?;
            if bytes.len() <= RECORD_MAX_BYTES || self.tags.is_empty() {
                return Ok(bytes);
            }
            self.tags.retain(|_, ids| ids.len() > rare);
            rare = rare.saturating_mul(2);
        }
    }
}

impl Catalog<'_> {
    /// The tags of all memos that are neither archived nor in the trash.
    ///
    /// Costs two increments by nothing and one get when nothing has changed; otherwise one get more, what the feed costs,
    /// and two sets.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tags(&self) -> Result<Tags, Error> {
        if let Some(counts) = self.unchanged_counts().await? {
            return Ok(Tags { counts, more: false });
        }
        let stored = self.ports.kv.get_json(&self.names.tags()).await;
        // A cache that can't be read is as good as none.
        let before: Index = match stored {
            Ok(stored) => stored.unwrap_or_default(),
            Err(KvError::Corrupt { .. }) => Index::default(),
            Err(error) => return Err(error.into()),
        };
        let mut index = before.clone();
        let mut more = true;
        for _ in 0..READINGS_MAX {
            let reading = match self.changes(index.position.take(), READING).await {
                Err(Error::Expired) => {
                    index = Index::default();
                    continue;
                }
                reading => reading?,
            };
            index.learn(&reading.news);
            index.position = Some(reading.next);
            more = reading.more;
            if !more {
                break;
            }
        }
        if index != before {
            self.remember(&mut index).await;
        }
        let counts = index.counts().counts;
        Ok(Tags { counts, more })
    }

    /// The counts, if nothing has changed since they were made.
    async fn unchanged_counts(&self) -> Result<Option<Vec<(String, u64)>>, Error> {
        if !self.ports.kv.has_increment() {
            return Ok(None);
        }
        let heads = self.heads().await?;
        let key = self.names.tag_counts();
        let stored: Option<Counts> = match self.ports.kv.get_json(&key).await {
            Err(KvError::Corrupt { .. }) => None,
            stored => stored?,
        };
        let is_present = |counts: &Counts| counts.position.as_ref().is_some_and(|position| position.is_at(heads));
        Ok(stored.filter(is_present).map(|counts| counts.counts))
    }

    /// Writes the caches. Whoever can't write them is no worse off.
    async fn remember(&self, index: &mut Index) {
        let remembered = async {
            self.ports.kv.set(&self.names.tags(), &index.encode()?).await?;
            self.ports.kv.set_json(&self.names.tag_counts(), &index.counts()).await
        };
        if let Err(error) = remembered.await {
            self.ports.warn("the tags were not remembered", error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_too_large_loses_its_rarest_tags() {
        let mut index = Index::default();
        let often: BTreeSet<u64> = (0..50_000).collect();
        index.tags.insert("often".to_owned(), often);
        for number in 0..50_000 {
            index
                .tags
                .insert(format!("a-rare-tag-{number}"), BTreeSet::from([number]));
        }
        assert!(index.encode().unwrap().len() <= RECORD_MAX_BYTES);
        assert_eq!(index.counts().counts, [("often".to_owned(), 50_000)]);
    }
}
