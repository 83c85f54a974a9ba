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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_lies_at_its_owners_prefix() {
        let ann = UserId::try_from("ann".to_owned()).unwrap();
        let names = Names(&ann);
        let id = MemoId(7);
        for (key, expected) in [
            (names.seq(), "memo/ann/seq"),
            (names.memo(id), "memo/ann/7"),
            (names.skip(), "memo/ann/skip"),
            (names.once("digest"), "memo/ann/idem/digest"),
        ] {
            assert_eq!(key, expected);
            assert!(key.starts_with(&names.prefix()));
        }
        assert_eq!(names.prefix(), "memo/ann/", "ann's records are not anna's");
    }
}
