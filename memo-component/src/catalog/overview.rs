//! Which memos a person has, at which version, in which state and with which tags.
//!
//! A cache: it says as of which position in the feed of changes it is right, and whoever needs it reads on from there. So
//! of two that are written at the same time either will do, and one that is lost is made anew. Lists that pass over most
//! memos take their ids from it ([`super::pick`]), and so do the counts of tags.

use std::collections::BTreeMap;

use common::store::kv::KvError;
use serde::{Deserialize, Serialize};

use super::{
    Catalog, Error,
    changes::{News, Position},
    counters::Heads,
    filter::{Filter, State},
};
use crate::{
    memo::{MemoId, Version},
    tags::{is_under, tags_of},
};

/// How many times one request reads on in the feed, a hundred memos each time.
const READINGS_MAX: usize = 20;
const READING: usize = 100;

/// How large the record may be, in bytes. Beyond it the rarest tags are left out.
const RECORD_MAX_BYTES: usize = 900_000;

/// A memo without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which one.
    pub id: MemoId,
    /// Its version.
    pub version: Version,
    archived: bool,
    trashed: bool,
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// As of when; `None` before anything was read.
    pub position: Option<Position>,
    /// Sorted by id.
    memos: Vec<Known>,
    /// The ids of the memos that have a tag, sorted.
    tags: BTreeMap<String, Vec<u64>>,
    /// Whether tags were left out. From then on none is added.
    is_cut: bool,
}

/// The overview as it is stored. Sorted numbers are kept as the gaps between them, of which most take one byte.
#[derive(Serialize, Deserialize)]
struct Record {
    format: u8,
    /// In JSON, as in cursors.
    position: String,
    ids: Vec<u64>,
    versions: Vec<u64>,
    states: Vec<u8>,
    tags: Vec<(String, Vec<u64>)>,
    is_cut: bool,
}

const FORMAT: u8 = 1;
const ARCHIVED: u8 = 1;
const TRASHED: u8 = 2;

impl Overview {
    /// Takes in what the feed told.
    fn learn(&mut self, news: &[News]) {
        let mut changed: Vec<u64> = Vec::new();
        for news in news {
            let place = self.memos.binary_search_by_key(&news.id, |known| known.id);
            let known = news.memo.as_ref().map(|memo| Known {
                id: news.id,
                version: memo.version,
                archived: memo.archived,
                trashed: memo.trashed_at.is_some(),
            });
            match (place, known) {
                (Ok(at), Some(known)) => {
                    changed.push(news.id.0);
                    self.memos.splice(at..=at, [known]);
                }
                (Ok(at), None) => {
                    changed.push(news.id.0);
                    self.memos.remove(at);
                }
                (Err(at), Some(known)) => self.memos.insert(at, known),
                (Err(_), None) => {}
            }
        }
        self.untag(changed);
        for news in news {
            let text = news.memo.as_ref().map_or("", |memo| memo.text.as_str());
            for tag in tags_of(text) {
                self.tag(tag, news.id.0);
            }
        }
    }

    fn untag(&mut self, mut changed: Vec<u64>) {
        if changed.is_empty() {
            return;
        }
        changed.sort_unstable();
        self.tags.retain(|_, ids| {
            ids.retain(|id| changed.binary_search(id).is_err());
            !ids.is_empty()
        });
    }

    fn tag(&mut self, tag: String, id: u64) {
        if self.is_cut && !self.tags.contains_key(&tag) {
            return;
        }
        let ids = self.tags.entry(tag).or_default();
        if let Err(at) = ids.binary_search(&id) {
            ids.insert(at, id);
        }
    }

    /// Each tag, sorted, and how many memos have it that are neither archived nor in the trash.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let count = |ids: &Vec<u64>| {
            let active = ids.iter().filter(|id| self.is_in(State::Active, MemoId(**id)));
            u64::try_from(active.count()).unwrap_or(u64::MAX)
        };
        let counts = self.tags.iter().map(|(tag, ids)| (tag.clone(), count(ids)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// The memo, if it is there.
    pub fn find(&self, id: MemoId) -> Option<Known> {
        let at = self.memos.binary_search_by_key(&id, |known| known.id).ok()?;
        self.memos.get(at).copied()
    }

    fn is_in(&self, state: State, id: MemoId) -> bool {
        self.find(id)
            .is_some_and(|known| state.holds(known.archived, known.trashed))
    }

    /// The memos below `before` that may belong to a listing, as far as can be told without their texts, newest first;
    /// `None` where that can't be told.
    pub fn pick(&self, filter: &Filter, before: Option<MemoId>) -> Option<Vec<Known>> {
        let is_picked = |known: &Known| {
            before.is_none_or(|before| known.id < before) && filter.state.holds(known.archived, known.trashed)
        };
        let Some(wanted) = &filter.tag else {
            return Some(self.memos.iter().rev().copied().filter(is_picked).collect());
        };
        if self.is_cut {
            return None;
        }
        let nested = self.tags.range(wanted.clone()..);
        let nested = nested.take_while(|(tag, _)| tag.starts_with(wanted.as_str()));
        let mut ids: Vec<u64> = nested
            .filter(|(tag, _)| is_under(tag, wanted))
            .flat_map(|(_, ids)| ids.iter().copied())
            .collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.dedup();
        let known = ids.into_iter().filter_map(|id| self.find(MemoId(id)));
        Some(known.filter(is_picked).collect())
    }

    /// The record, without the rarest tags if need be.
    ///
    /// # Errors
    /// When it is too large without any tag.
    pub fn encode(&mut self) -> Result<Vec<u8>, KvError> {
        let mut rare = 1;
        loop {
            let bytes = postcard::to_allocvec(&self.record()?).map_err(refused)?;
            if bytes.len() <= RECORD_MAX_BYTES {
                return Ok(bytes);
            }
            if self.tags.is_empty() {
                return Err(KvError::TooLarge("an overview of too many memos".to_owned()));
            }
            self.is_cut = true;
            self.tags.retain(|_, ids| ids.len() > rare);
            rare = rare.saturating_mul(2);
        }
    }

    fn record(&self) -> Result<Record, KvError> {
        let state = |known: &Known| u8::from(known.archived) * ARCHIVED + u8::from(known.trashed) * TRASHED;
        Ok(Record {
            format: FORMAT,
            position: serde_json::to_string(&self.position).map_err(refused)?,
            ids: gaps(self.memos.iter().map(|known| known.id.0)),
            versions: self.memos.iter().map(|known| known.version.0).collect(),
            states: self.memos.iter().map(state).collect(),
            tags: self
                .tags
                .iter()
                .map(|(tag, ids)| (tag.clone(), gaps(ids.iter().copied())))
                .collect(),
            is_cut: self.is_cut,
        })
    }

    /// A stored overview; `None` where the record is no such thing: a cache that can't be read is as good as none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let record: Record = postcard::from_bytes(bytes).ok()?;
        if record.format != FORMAT {
            return None;
        }
        let known = sums(record.ids).zip(record.versions).zip(record.states);
        Some(Self {
            position: serde_json::from_str(&record.position).ok()?,
            memos: known
                .map(|((id, version), state)| Known {
                    id: MemoId(id),
                    version: Version(version),
                    archived: state & ARCHIVED != 0,
                    trashed: state & TRASHED != 0,
                })
                .collect(),
            tags: record
                .tags
                .into_iter()
                .map(|(tag, ids)| (tag, sums(ids).collect()))
                .collect(),
            is_cut: record.is_cut,
        })
    }
}

fn refused(error: impl std::error::Error) -> KvError {
    KvError::Refused(error.to_string())
}

/// Sorted numbers as the gaps between them.
fn gaps(sorted: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut last = 0;
    let gap = |number: u64| number.saturating_sub(std::mem::replace(&mut last, number));
    sorted.map(gap).collect()
}

/// The numbers between which these gaps are.
fn sums(gaps: Vec<u64>) -> impl Iterator<Item = u64> {
    gaps.into_iter().scan(0_u64, |sum, gap| {
        *sum = sum.saturating_add(gap);
        Some(*sum)
    })
}

/// How far an overview got.
pub(super) struct Reached {
    pub overview: Overview,
    /// Whether the feed has more to tell at once than one request reads.
    pub more: bool,
    /// Whether nothing is missing that was there before the request began. Not so while ids settle
    /// ([`super::changes`]), even if there is nothing more to be had.
    pub is_whole: bool,
}

impl Catalog<'_> {
    /// What there is, as far as one request can find out.
    ///
    /// Costs one get when nothing has changed since `heads`, if there are such counters; otherwise what the feed costs, and
    /// a set after every sixteenth change or so.
    pub(super) async fn overview(&self, heads: Option<Heads>) -> Result<Reached, Error> {
        let stored = self.ports.kv.get(&self.names.overview()).await?;
        let mut overview = stored.as_deref().and_then(Overview::decode).unwrap_or_default();
        if heads.is_some_and(|heads| overview.position.as_ref().is_some_and(|position| position.is_at(heads))) {
            return Ok(Reached {
                overview,
                more: false,
                is_whole: true,
            });
        }
        let (mut learnt, mut more) = (0_usize, true);
        for _ in 0..READINGS_MAX {
            let reading = match self.changes(overview.position.take(), READING).await {
                Err(Error::Expired) => {
                    overview = Overview::default();
                    continue;
                }
                reading => reading?,
            };
            overview.learn(&reading.news);
            overview.position = Some(reading.next);
            learnt = learnt.saturating_add(reading.news.len());
            more = reading.more;
            if !more {
                break;
            }
        }
        let has_reached = |position: &Position| heads.is_none_or(|heads| position.has_reached(heads));
        let is_whole = !more && overview.position.as_ref().is_some_and(has_reached);
        // A reader who waits must remember since when.
        if learnt >= self.limits.news_min || !is_whole {
            self.remember(&mut overview).await;
        }
        Ok(Reached {
            overview,
            more,
            is_whole,
        })
    }

    /// Writes the cache. Whoever can't write it is no worse off.
    async fn remember(&self, overview: &mut Overview) {
        let remembered = async {
            let record = overview.encode()?;
            self.ports.kv.set(&self.names.overview(), &record).await
        };
        if let Err(error) = remembered.await {
            self.ports.warn("the overview was not remembered", error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_tags(tags: impl IntoIterator<Item = (String, Vec<u64>)>) -> Overview {
        let known = |id| Known {
            id: MemoId(id),
            version: Version(id % 300 + 1),
            archived: id % 3 == 0,
            trashed: id % 5 == 0,
        };
        Overview {
            memos: (1..50_000).map(known).collect(),
            tags: tags.into_iter().collect(),
            ..Overview::default()
        }
    }

    #[test]
    fn an_overview_is_read_as_it_was_written() {
        let tags = [("a".to_owned(), vec![1, 7, 49_999]), ("가/나".to_owned(), vec![2])];
        let mut overview = with_tags(tags);
        let bytes = overview.encode().unwrap();
        assert_eq!(Overview::decode(&bytes), Some(overview));
        for wrong in [&b""[..], b"{}", b"no overview", &bytes[..bytes.len() / 2]] {
            assert_eq!(Overview::decode(wrong), None);
        }
    }

    #[test]
    fn a_record_that_is_too_large_loses_its_rarest_tags_and_knows() {
        let often = ("often".to_owned(), (1..50_000).collect());
        let rare = (1..50_000).map(|number| (format!("a-rare-tag-{number}"), vec![number]));
        let mut overview = with_tags(rare.chain([often]));
        assert!(overview.encode().unwrap().len() <= RECORD_MAX_BYTES);
        let tags: Vec<&String> = overview.tags.keys().collect();
        assert_eq!(tags, ["often"]);
        overview.tag("a-rare-tag-1".to_owned(), 1);
        assert_eq!(overview.tags.len(), 1, "it would be counted from now on only");
        let by_tag = Filter {
            tag: Some("often".to_owned()),
            ..Filter::default()
        };
        assert_eq!(overview.pick(&by_tag, None), None);
    }
}
