//! Walking ids downwards past the holes that deleted memos leave.
//!
//! A listing that meets many holes notes the long runs of them under `memo/{user}/skip`, and later ones jump over
//! those. The note is a cache: losing it, or one of two written at the same time, costs another walk and nothing else.
//!
//! A hole may be noted only when it is one for good. A create takes its id first and writes its memo within
//! [`common::store::claim::FRESH`], so a hole is *settled* when its id was given out [`SETTLED`] ago or earlier. That is known
//! of every id below a memo so old, and below a head that an earlier listing has noted so long ago.

use std::{cmp::Reverse, time::Duration};

use common::{store::claim::WINDOW, world::clock::Timestamp};
use serde::{Deserialize, Serialize};

use crate::memo::MemoId;

/// How long after an id was given out a hole is one for good: a create's own limit, the lease's, and the clocks'.
pub const SETTLED: Duration = WINDOW.saturating_mul(2);

/// The shortest run of holes worth a note.
const RUN_MIN: u64 = 32;

/// How many runs are noted: the note stays below 10 KB.
const RUNS_MAX: usize = 256;

/// How many holes a walk meets before it looks for the note, which costs a get of its own. A short page looks sooner,
/// or the holes would be most of what it costs.
const HOLES_BEFORE_LOOKING: usize = 16;

/// A run of ids without a memo, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    high: MemoId,
    low: MemoId,
}

impl Run {
    fn len(&self) -> u64 {
        self.high.0.saturating_sub(self.low.0).saturating_add(1)
    }
}

/// The note: settled runs, highest first, and a head that will settle more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    runs: Vec<Run>,
    /// The newest id at `head_at`, when a listing met holes that were not settled yet.
    head: Option<MemoId>,
    head_at: Option<Timestamp>,
}

impl Skip {
    /// The largest id at or below `id` that no run covers; `None` when there is none.
    fn below(&self, id: u64) -> Option<u64> {
        let covering = self.runs.iter().find(|run| run.low.0 <= id && id <= run.high.0);
        let id = covering.map_or(id, |run| run.low.0.saturating_sub(1));
        (id > 0).then_some(id)
    }

    /// The smallest id at or above `id` that no run covers.
    pub fn above(&self, id: u64) -> u64 {
        let covering = self.runs.iter().find(|run| run.low.0 <= id && id <= run.high.0);
        covering.map_or(id, |run| run.high.0.saturating_add(1))
    }
}

/// A walk down the ids, and what it has seen.
#[derive(Debug)]
pub struct Walk {
    /// The next id to look at; `None` at the end.
    position: Option<u64>,
    looked_at: usize,
    holes: Vec<MemoId>,
    memos: Vec<(MemoId, Timestamp)>,
}

impl Walk {
    /// A walk that begins at `start`; 0 is the end already.
    pub fn down_from(start: u64) -> Self {
        Self {
            position: (start > 0).then_some(start),
            looked_at: 0,
            holes: Vec::new(),
            memos: Vec::new(),
        }
    }

    /// The next ids to look at, at most `count`, jumping over noted runs.
    pub fn next_ids(&mut self, count: usize, skip: Option<&Skip>) -> Vec<MemoId> {
        let mut ids = Vec::with_capacity(count);
        while let Some(position) = self.position {
            self.position = match skip {
                Some(skip) => skip.below(position),
                None => Some(position),
            };
            match self.position {
                Some(id) if ids.len() < count => {
                    ids.push(MemoId(id));
                    self.position = id.checked_sub(1).filter(|below| *below > 0);
                }
                _ => break,
            }
        }
        self.looked_at = self.looked_at.saturating_add(ids.len());
        ids
    }

    /// There is a memo.
    pub fn saw_memo(&mut self, id: MemoId, created_at: Timestamp) {
        self.memos.push((id, created_at));
    }

    /// There is none.
    pub fn saw_hole(&mut self, id: MemoId) {
        self.holes.push(id);
    }

    /// Takes the walk back to `id`, which was given out by [`Walk::next_ids`] and not looked at after all.
    pub fn go_back_to(&mut self, id: MemoId) {
        self.position = Some(id.0);
    }

    /// How many ids were looked at.
    pub fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// Whether it is time to look for the note, on the way to a page of `limit` memos.
    pub fn is_full_of_holes(&self, limit: usize) -> bool {
        self.holes.len() >= (limit / 2).clamp(1, HOLES_BEFORE_LOOKING)
    }

    /// Where the walk goes on; `None` at the end.
    pub fn position(&self) -> Option<MemoId> {
        self.position.map(MemoId)
    }

    /// The note with what this walk adds to it; `None` when that is nothing. `now` is a moment after the head
    /// was read and before the first memo was.
    pub fn learn(&self, mut skip: Skip, head: MemoId, now: Timestamp) -> Option<Skip> {
        let is_old = |moment: Timestamp| now.since(moment) >= SETTLED;
        let below_memo = self
            .memos
            .iter()
            .filter(|(_, created_at)| is_old(*created_at))
            .map(|(id, _)| *id)
            .max();
        let below_head = skip.head.filter(|_| skip.head_at.is_some_and(is_old));
        let settled = below_memo.max(below_head);

        let (known, unsettled): (Vec<MemoId>, Vec<MemoId>) = self
            .holes
            .iter()
            .partition(|hole| settled.is_some_and(|settled| **hole <= settled));
        let before = skip.runs.clone();
        skip.runs = longest(merge(before.iter().copied().chain(runs(&known)).collect()));
        let mut changed = skip.runs != before;
        let head_is_used_up = skip.head_at.is_none_or(is_old);
        if runs(&unsettled).any(|run| run.len() >= RUN_MIN) && head_is_used_up {
            (skip.head, skip.head_at) = (Some(head), Some(now));
            changed = true;
        }
        changed.then_some(skip)
    }
}

/// The runs in a falling sequence of ids.
fn runs(ids: &[MemoId]) -> impl Iterator<Item = Run> {
    ids.chunk_by(|above, below| above.0.saturating_sub(1) == below.0)
        .filter_map(|chunk| match chunk {
            [high, .., low] => Some(Run { high: *high, low: *low }),
            [only] => Some(Run {
                high: *only,
                low: *only,
            }),
            [] => None,
        })
}

/// Joins runs that touch or overlap; highest first.
fn merge(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable_by_key(|run| Reverse(run.high));
    let mut merged: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match merged.last_mut() {
            Some(above) if above.low.0 <= run.high.0.saturating_add(1) => above.low = above.low.min(run.low),
            _ => merged.push(run),
        }
    }
    merged
}

/// The runs worth keeping; highest first, as they came.
fn longest(mut runs: Vec<Run>) -> Vec<Run> {
    let mut lengths: Vec<u64> = runs.iter().map(Run::len).collect();
    lengths.sort_unstable_by_key(|length| Reverse(*length));
    let shortest = lengths.get(RUNS_MAX - 1).map_or(RUN_MIN, |length| RUN_MIN.max(*length));
    runs.retain(|run| run.len() >= shortest);
    runs.truncate(RUNS_MAX);
    runs
}

#[cfg(test)]
mod tests;
