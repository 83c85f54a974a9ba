//! Whether a request had to be refused.

use super::{Case, is_content, is_removal, is_slow, quota};
use crate::{
    answer::Answer,
    call::{Act, Part},
};

/// Whether an answer is a refusal, or a failure.
pub fn is_one(answer: &Answer) -> bool {
    answer.is_refusal() || matches!(answer, Answer::Refused(_))
}

impl Case<'_> {
    /// Whether there was a reason for it.
    pub(super) fn may_refuse(&self, part: &Part<'_>, answer: &Answer) -> bool {
        let (journal, call) = (self.journal, self.call);
        match (answer, part.act) {
            (Answer::Refused(404), Act::Revert(id, version)) => {
                self.between(*id).contains(&None)
                    // It need not be kept.
                    || journal.lost_text(call.user, *id, call.began.step, &[]).is_none_or(|(kept, _)| kept != *version)
            }
            (Answer::Refused(404), Act::Read(id) | Act::Versions(id)) => self.between(*id).contains(&None),
            // The key's memo was made and removed.
            (Answer::Refused(404), Act::Create(Some(_))) => journal.memos().any(|(user, _, entries)| {
                user == call.user && is_content(entries.first(), 1, part.text) && entries.iter().any(is_removal)
            }),
            (Answer::Refused(404), act) => act.step().is_some_and(|(id, _)| self.between(id).contains(&None)),
            (Answer::Stale(seen), act) => act
                .step()
                .is_some_and(|(id, from)| id == seen.id && from != Some(seen.version) && self.was(seen)),
            (Answer::InTrash, Act::Replace(id, _) | Act::Archive(id, ..) | Act::Revert(id, _)) => self
                .between(*id)
                .into_iter()
                .flatten()
                .any(|memo| memo.trashed_at.is_some()),
            (Answer::OverQuota, Act::Create(_) | Act::Replace(..) | Act::Revert(..)) => journal
                .limits()
                .is_some_and(|limits| quota::may_be_used_up(self.journal, self.calls, self.id, part, limits)),
            (Answer::Refused(409 | 429), Act::Import(_)) => self.calls.len() > 1 || is_slow(call, self.ended.time),
            (Answer::Refused(409), act) => {
                (act.step().is_some() || matches!(act, Act::Create(Some(_)))) && self.may_be_busy(act)
            }
            (Answer::Refused(503), Act::Create(_) | Act::Import(_)) => call.disturbed || is_slow(call, self.ended.time),
            (Answer::Refused(503), Act::List { .. }) => call.disturbed || journal.is_unsealed(),
            (Answer::Refused(503), _) => call.disturbed,
            _ => false,
        }
    }
}
