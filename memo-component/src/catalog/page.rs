//! Pages of a listing, newest first.

use std::cmp::Reverse;

use common::store::kv::{KvError, decode};

use super::{
    Catalog, Error,
    filter::Filter,
    skip::{Skip, Walk},
};
use crate::memo::{Memo, MemoId};

/// The most ids that one page looks at. A longer run of holes, or of memos that don't belong to the listing, is walked in
/// several requests, each of which leaves the cursor further down.
pub const WALK_MAX: usize = 2_000;

/// The most bytes of memos that one page reads, as they are stored, whether they belong to the listing or not. It is what
/// searching costs.
const READ_MAX_BYTES: usize = 16 * 1024 * 1024;

/// How many memos are read at once. A memo is at most 400 KB as it is stored (a text of 64 KiB, every byte of it
/// escaped), an instance has 128 MiB and serves 16 requests at a time: eight for each of them are 50 MB.
pub(super) const STEP: usize = 8;

/// A page ends before the memo with which its memos, as they are stored, would exceed this many bytes. Platforms limit an
/// answer to some megabytes, and an instance has to hold several of them.
pub const PAGE_MAX_BYTES: usize = 1024 * 1024;

/// Some memos, newest first, and where the rest begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The memos.
    pub items: Vec<(MemoId, Memo)>,
    /// The rest lies below this id; `None` at the end.
    pub next: Option<MemoId>,
}

/// A page that is being filled.
pub(super) struct Filling<'a> {
    filter: &'a Filter,
    limit: usize,
    bytes: usize,
    /// The bytes of what was read, also of memos that are not on the page.
    pub read: usize,
    items: Vec<(MemoId, Memo)>,
}

impl<'a> Filling<'a> {
    pub fn new(filter: &'a Filter, limit: usize) -> Self {
        Self {
            filter,
            limit,
            bytes: 0,
            read: 0,
            items: Vec::new(),
        }
    }

    /// How many ids to look at next; 0 when the page is full, or has cost enough.
    pub fn step(&self) -> usize {
        let room = self.limit.saturating_sub(self.items.len());
        if room == 0 || self.read >= READ_MAX_BYTES {
            0
        } else if self.filter.is_choosy() {
            STEP
        } else {
            room.min(STEP)
        }
    }

    /// Whether a memo of so many bytes still fits. The first one always does.
    fn has_room_for(&self, bytes: usize) -> bool {
        let fits = self.bytes.saturating_add(bytes) <= PAGE_MAX_BYTES;
        self.items.is_empty() || (fits && self.items.len() < self.limit)
    }

    fn add(&mut self, id: MemoId, memo: Memo, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.items.push((id, memo));
    }

    /// The page. The rest lies below `next`.
    pub fn ends_at(self, next: Option<MemoId>) -> Page {
        Page {
            items: self.items,
            next,
        }
    }
}

impl Catalog<'_> {
    /// Lists at most `limit` memos that `filter` admits below the id `before` (`None`: from the newest), newest first. A
    /// page is also bounded in bytes, and in what it looks at: it may be short and still not be the last.
    ///
    /// Costs one increment and at most `limit` + holes gets, and one for each memo that is passed over; long runs of holes
    /// cost one get. A list that passes over most memos costs what [`Catalog::pick`] does, and the overview.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn page(&self, filter: &Filter, before: Option<MemoId>, limit: usize) -> Result<Page, Error> {
        if !self.ports.kv.has_increment() {
            return Ok(self.scan(filter, before, limit).await?);
        }
        if filter.is_choosy() {
            let reached = self.overview(Some(self.heads().await?)).await?;
            if reached.is_whole
                && let Some(picked) = reached.overview.pick(filter, before)
            {
                return Ok(self.pick(filter, &reached.overview, &picked, limit).await?);
            }
        }
        Ok(self.walk(filter, before, limit).await?)
    }

    /// A page over dense ids.
    async fn walk(&self, filter: &Filter, before: Option<MemoId>, limit: usize) -> Result<Page, KvError> {
        let head = self.newest_id().await?;
        // Must be read after the head and before the first memo: ids up to the head were given out before this moment,
        // and holes are seen after it.
        let now = self.ports.clock.now();
        // A cursor from elsewhere must not make us walk ids that were never given out.
        let start = before.map_or(head, |before| before.0.saturating_sub(1).min(head));
        let mut walk = Walk::down_from(start);
        let mut skip: Option<Skip> = None;
        let mut page = Filling::new(filter, limit);
        while walk.looked_at() < WALK_MAX {
            let ids = walk.next_ids(page.step(), skip.as_ref());
            // The page is full, or there are no more ids.
            if ids.is_empty() {
                break;
            }
            let saw = |id, memo: Option<&Memo>| match memo {
                Some(memo) => walk.saw_memo(id, memo.id_taken_at()),
                None => walk.saw_hole(id),
            };
            if let Some(full_at) = self.fill(&mut page, &ids, saw).await? {
                walk.go_back_to(full_at);
                break;
            }
            if skip.is_none() && walk.is_full_of_holes(limit) {
                skip = Some(self.ports.kv.get_json(&self.names.skip()).await?.unwrap_or_default());
            }
        }
        if let Some(learnt) = skip.and_then(|skip| walk.learn(skip, MemoId(head), now)) {
            // A cache: a listing that can't write it is no worse.
            let _ = self.ports.kv.set_json(&self.names.skip(), &learnt).await;
        }
        Ok(page.ends_at(walk.position().map(|lowest| MemoId(lowest.0.saturating_add(1)))))
    }

    /// Reads these ids into the page, and shows each memo, or that there is none. Tells the first one that the page has no
    /// room for.
    pub(super) async fn fill(
        &self,
        page: &mut Filling<'_>,
        ids: &[MemoId],
        mut saw: impl FnMut(MemoId, Option<&Memo>) + Send,
    ) -> Result<Option<MemoId>, KvError> {
        for (id, key, value) in self.read_many(ids).await? {
            let Some(bytes) = value else {
                saw(id, None);
                continue;
            };
            page.read = page.read.saturating_add(bytes.len());
            let Some(memo) = self.readable(&key, &bytes)? else {
                continue;
            };
            saw(id, Some(&memo));
            if page.filter.admits(&memo) {
                if !page.has_room_for(bytes.len()) {
                    return Ok(Some(id));
                }
                page.add(id, memo, bytes.len());
            }
        }
        Ok(None)
    }

    pub(super) async fn read_many(&self, ids: &[MemoId]) -> Result<Vec<(MemoId, String, Option<Vec<u8>>)>, KvError> {
        let keys: Vec<String> = ids.iter().map(|id| self.names.memo(*id)).collect();
        let values = self.ports.kv.get_many(&keys).await?;
        let read = ids.iter().copied().zip(keys).zip(values);
        Ok(read.map(|((id, key), value)| (id, key, value)).collect())
    }

    /// The memo, unless its record can't be read. One such record must not take the whole list away from its owner, so
    /// it is passed over, and the log knows. One of a newer version is a memo like others, and to leave it out would be wrong.
    pub(super) fn readable(&self, key: &str, bytes: &[u8]) -> Result<Option<Memo>, KvError> {
        match decode(key, bytes) {
            Err(error @ KvError::Corrupt { .. }) => {
                self.ports.warn("a memo was left out of a list", error);
                Ok(None)
            }
            memo => memo.map(Some),
        }
    }

    /// The ids of all memos by the store's keys, in no order, for stores without `increment`.
    pub(super) async fn listed_ids(&self) -> Result<Vec<MemoId>, KvError> {
        let prefix = self.names.prefix();
        let keys = self.ports.kv.keys(&prefix).await?;
        let id = |key: &String| key.strip_prefix(&prefix)?.parse().ok();
        Ok(keys.iter().filter_map(id).collect())
    }

    /// A page by the store's keys, for stores without `increment`.
    async fn scan(&self, filter: &Filter, before: Option<MemoId>, limit: usize) -> Result<Page, KvError> {
        let mut ids = self.listed_ids().await?;
        ids.retain(|id| before.is_none_or(|before| *id < before));
        ids.sort_unstable_by_key(|id| Reverse(*id));
        let mut page = Filling::new(filter, limit);
        let mut rest = ids.as_slice();
        let mut last = None;
        while page.step() > 0 && !rest.is_empty() {
            let (step, later) = rest.split_at(page.step().min(rest.len()));
            for (id, key, value) in self.read_many(step).await? {
                // Deleted since its key was listed, it is simply not there.
                let bytes = value.unwrap_or_default();
                page.read = page.read.saturating_add(bytes.len());
                let memo = if bytes.is_empty() {
                    None
                } else {
                    self.readable(&key, &bytes)?
                };
                if let Some(memo) = memo.filter(|memo| filter.admits(memo)) {
                    if !page.has_room_for(bytes.len()) {
                        return Ok(page.ends_at(last));
                    }
                    page.add(id, memo, bytes.len());
                }
                last = Some(id);
            }
            rest = later;
        }
        let next = if rest.is_empty() { None } else { last };
        Ok(page.ends_at(next))
    }
}
