//! The keys of one person's records.

use common::token::UserId;

use crate::memo::MemoId;

/// Names the records of one person: all of them begin with `memo/{user}/`.
#[derive(Clone, Copy)]
pub struct Names<'a>(pub &'a UserId);

impl Names<'_> {
    /// What the keys of all records begin with.
    pub fn prefix(self) -> String {
        format!("memo/{}/", self.0)
    }

    /// A counter: the newest id that was given out.
    pub fn seq(self) -> String {
        format!("memo/{}/seq", self.0)
    }

    /// A memo.
    pub fn memo(self, id: MemoId) -> String {
        format!("memo/{}/{id}", self.0)
    }

    /// Where long runs of ids without a memo lie; a cache.
    pub fn skip(self) -> String {
        format!("memo/{}/skip", self.0)
    }

    /// Which memo an idempotency key stands for.
    pub fn once(self, digest: &str) -> String {
        format!("memo/{}/idem/{digest}", self.0)
    }
}
