//! All memos of a person, oldest first, a few at a time.
//!
//! The ids are walked upwards, past the long runs without a memo that listings have noted ([`super::skip`]). What was there
//! when the walk began and stays is met once; what is created meanwhile is not met.

use std::collections::VecDeque;

use common::store::kv::KvError;

use super::{Catalog, history::Earlier, page::STEP, skip::Skip};
use crate::memo::{Memo, MemoId};

/// A walk through all memos.
pub struct Walk {
    ids: Ids,
    /// How many records could not be read so far.
    pub unreadable: u64,
}

enum Ids {
    Dense { next: u64, head: u64, skip: Skip },
    Listed(VecDeque<MemoId>),
}

impl Iterator for Ids {
    type Item = MemoId;

    fn next(&mut self) -> Option<MemoId> {
        match self {
            Self::Dense { next, head, skip } => {
                let id = skip.above(*next);
                *next = id.saturating_add(1);
                (id <= *head).then_some(MemoId(id))
            }
            Self::Listed(ids) => ids.pop_front(),
        }
    }
}

impl Catalog<'_> {
    /// A walk through all memos that there are. One increment by nothing, and one get where there are any.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn walk_all(&self) -> Result<Walk, KvError> {
        let ids = if self.ports.kv.has_increment() {
            let head = self.newest_id().await?;
            let skip = match head {
                0 => None,
                _ => self.ports.kv.get_json(&self.names.skip()).await?,
            };
            Ids::Dense {
                next: 1,
                head,
                skip: skip.unwrap_or_default(),
            }
        } else {
            let mut ids = self.listed_ids().await?;
            ids.sort_unstable();
            Ids::Listed(ids.into())
        };
        Ok(Walk { ids, unreadable: 0 })
    }

    /// The next memos of a walk, at most eight; none at its end. A get for each id that it looks at.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn next_memos(&self, walk: &mut Walk) -> Result<Vec<(MemoId, Memo)>, KvError> {
        loop {
            let ids: Vec<MemoId> = walk.ids.by_ref().take(STEP).collect();
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let mut memos = Vec::with_capacity(ids.len());
            for (id, key, value) in self.read_many(&ids).await? {
                let Some(bytes) = value else { continue };
                match self.readable(&key, &bytes)? {
                    Some(memo) => memos.push((id, memo)),
                    None => walk.unreadable = walk.unreadable.saturating_add(1),
                }
            }
            if !memos.is_empty() {
                return Ok(memos);
            }
        }
    }

    /// The earlier texts of a memo that was just read, newest first. One get, where there may be any.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn earlier_texts(&self, id: MemoId, memo: &Memo) -> Result<Vec<Earlier>, KvError> {
        match memo.kept_at {
            None => Ok(Vec::new()),
            Some(_) => self.stored_texts(id, memo.version).await,
        }
    }
}
