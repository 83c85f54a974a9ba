//! What must hold of an account that is being deleted.

use super::{
    End, expect,
    sessions::{claims, session_of_access},
};
use crate::{
    answer::Answer,
    call::{Act, Call, Moment},
    deletions::Deed,
    op::CallId,
    sessions::session_of,
    world::SKEW_MAX,
};

/// Whether the account was gone before `step`, as somebody was told.
fn is_gone(calls: &[Call], step: u64) -> bool {
    calls.iter().any(|call| {
        let told = matches!(&call.ended, Some((ended, End::Answered(Answer::Removed))) if ended.step <= step);
        told && matches!(call.act, Act::Deletion(Deed::Delete(_)))
    })
}

/// Whether another request than this one may have begun the deletion before `step`.
fn may_have_begun(calls: &[Call], own: CallId, step: u64) -> bool {
    let mut others = calls.iter().enumerate().filter(|(id, _)| *id != own);
    others.any(|(_, call)| matches!(call.act, Act::Deletion(Deed::Delete(_))) && call.began.step < step)
}

/// How often somebody wanted to go on with a session. Whoever comes with a token that was replaced long ago ends it.
fn refreshes(calls: &[Call], session: &str) -> usize {
    let is_one =
        |call: &&Call| matches!(&call.act, Act::Deletion(Deed::Refresh(token)) if session_of(token) == session);
    calls.iter().filter(is_one).count()
}

/// Judges the answer of a request that has just ended.
pub fn answer(calls: &[Call], id: CallId, ended: &Moment, deed: &Deed, answer: &Answer) -> Result<(), String> {
    let call = &calls[id];
    let was_gone = is_gone(calls, call.began.step);
    let may_be_gone = may_have_begun(calls, id, ended.step);
    let has_expired = |access: &str| {
        let expires = claims(access)["exp"].as_u64().expect("a time") * 1000;
        ended.time + SKEW_MAX as u64 >= expires
    };
    match (deed, answer) {
        (Deed::Enter, Answer::Entered(_)) => expect(!was_gone, "somebody signs in to an account that is gone"),
        (Deed::Refresh(_), Answer::Tokens(_)) => expect(!was_gone, "a session of an account that is gone goes on"),
        (Deed::Write(_), Answer::Memo(_)) => expect(!was_gone, "a memo is created in an account that is gone"),
        (Deed::Enter, Answer::Refused(401 | 403)) => expect(may_be_gone, "the right password was refused"),
        (Deed::Refresh(token), Answer::Refused(401)) => {
            let is_old = refreshes(calls, session_of(token)) > 1;
            expect(may_be_gone || is_old, "a good refresh token was refused")
        }
        (Deed::Write(access), Answer::Refused(401)) => {
            expect(may_be_gone || has_expired(access), "a good access token was refused")
        }
        (Deed::Delete(access), Answer::Refused(401)) => {
            let is_over = refreshes(calls, &session_of_access(access)) > 1;
            expect(
                may_be_gone || is_over || has_expired(access),
                "a good access token of the account was refused",
            )
        }
        (Deed::Delete(_), Answer::Removed) | (Deed::Maintain | Deed::MaintainMemos, Answer::Swept(_)) => Ok(()),
        // Others are at it, or were put off by those who were.
        (_, Answer::Refused(409 | 429 | 503)) => Ok(()),
        (deed, answer) => Err(format!("{deed:?} was answered {answer:?}")),
    }
}
