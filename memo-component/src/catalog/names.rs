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

    /// A counter: the newest id that was given out, and what there is.
    pub fn seq(self) -> String {
        format!("memo/{}/seq", self.0)
    }

    /// A counter: the latest change, and how much memos have grown.
    pub fn changes(self) -> String {
        format!("memo/{}/changes", self.0)
    }

    /// What the keys of the log of changes begin with.
    pub fn log(self) -> String {
        format!("memo/{}/change/", self.0)
    }

    /// An entry of the log of changes.
    pub fn change(self, number: u64) -> String {
        format!("memo/{}/change/{number}", self.0)
    }

    /// Where the log of changes begins.
    pub fn log_start(self) -> String {
        format!("memo/{}/log-start", self.0)
    }

    /// A memo.
    pub fn memo(self, id: MemoId) -> String {
        format!("memo/{}/{id}", self.0)
    }

    /// The earlier texts of a memo.
    pub fn history(self, id: MemoId) -> String {
        format!("memo/{}/{id}/history", self.0)
    }

    /// Where long runs of ids without a memo lie; a cache.
    pub fn skip(self) -> String {
        format!("memo/{}/skip", self.0)
    }

    /// Which memos there are, with which tags; a cache.
    pub fn overview(self) -> String {
        format!("memo/{}/overview", self.0)
    }

    /// The signatures of a block of texts; a cache.
    pub fn signatures(self, block: u64) -> String {
        format!("memo/{}/signatures/{block}", self.0)
    }

    /// How often each tag occurs; a cache.
    pub fn tag_counts(self) -> String {
        format!("memo/{}/tag-counts", self.0)
    }

    /// How far the removal of everything is.
    pub fn erasure(self) -> String {
        format!("memo/{}/erasure", self.0)
    }

    /// Until when nobody else may import memos.
    pub fn import(self) -> String {
        format!("memo/{}/import", self.0)
    }

    /// Which links to memos were given out.
    pub fn shares(self) -> String {
        format!("memo/{}/shares", self.0)
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
            (names.changes(), "memo/ann/changes"),
            (names.change(3), "memo/ann/change/3"),
            (names.log_start(), "memo/ann/log-start"),
            (names.memo(id), "memo/ann/7"),
            (names.history(id), "memo/ann/7/history"),
            (names.skip(), "memo/ann/skip"),
            (names.overview(), "memo/ann/overview"),
            (names.signatures(3), "memo/ann/signatures/3"),
            (names.tag_counts(), "memo/ann/tag-counts"),
            (names.erasure(), "memo/ann/erasure"),
            (names.import(), "memo/ann/import"),
            (names.shares(), "memo/ann/shares"),
            (names.once("digest"), "memo/ann/idem/digest"),
        ] {
            assert_eq!(key, expected);
            assert!(key.starts_with(&names.prefix()));
        }
        assert_eq!(names.prefix(), "memo/ann/", "ann's records are not anna's");
        assert!(names.change(3).starts_with(&names.log()));
    }
}
