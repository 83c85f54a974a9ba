//! What must hold of links to memos.

use super::{Journal, expect};
use crate::{
    answer::{Answer, Link},
    call::{Act, Call, End, Moment},
    op::CallId,
    shares::{Deal, OWNER, links},
    world::SKEW_MAX,
};

/// How much later one instance may think that it is than another.
const SKEW: u64 = 2 * SKEW_MAX as u64;

/// Requests for the end of a link.
fn ends<'a>(calls: &'a [Call], link: &'a Link) -> impl Iterator<Item = &'a Call> {
    calls
        .iter()
        .filter(|call| call.user == OWNER && call.act == Act::Share(Deal::End(link.id.clone())))
}

/// Whether somebody was told before `step` that the link has ended.
fn has_ended(calls: &[Call], link: &Link, step: u64) -> bool {
    ends(calls, link).any(|call| matches!(&call.ended, Some((at, End::Answered(Answer::Removed))) if at.step <= step))
}

/// Whether somebody may have ended it before `step`.
fn may_have_ended(calls: &[Call], link: &Link, step: u64) -> bool {
    ends(calls, link).any(|call| call.began.step < step)
}

/// Judges the answer of a request that has just ended.
pub fn answer(
    journal: &Journal,
    calls: &[Call],
    id: CallId,
    ended: &Moment,
    deal: &Deal,
    answer: &Answer,
) -> Result<(), String> {
    let call = &calls[id];
    let (from, to) = (call.began.step, ended.step);
    let of_memo = |memo: u64| journal.between(OWNER, memo, from, to);
    let link_of = |token: &String| links(calls).find(|link| link.token == *token);
    match (deal, answer) {
        (Deal::Make(memo), Answer::Link(link)) => {
            let was_there = of_memo(*memo)
                .into_iter()
                .flatten()
                .any(|memo| memo.trashed_at.is_none());
            expect(
                link.memo == *memo && was_there,
                "a link was made to a memo that was not there",
            )
        }
        (Deal::Make(memo), Answer::Refused(404)) => expect(
            of_memo(*memo).contains(&None),
            "there is no link to a memo that was there",
        ),
        (Deal::Make(memo), Answer::InTrash) => {
            let was = of_memo(*memo)
                .into_iter()
                .flatten()
                .any(|memo| memo.trashed_at.is_some());
            expect(was, "a memo was never in the trash, as the answer says")
        }
        (Deal::Open(token), Answer::Shown(text)) => {
            let Some(link) = link_of(token) else {
                return Err("a link is open that nobody was given".to_owned());
            };
            expect(!has_ended(calls, link, from), "a link is open that was ended")?;
            expect(
                call.began.time < link.expires_at + SKEW,
                "a link is open after its time",
            )?;
            let was = of_memo(link.memo)
                .into_iter()
                .flatten()
                .any(|memo| memo.trashed_at.is_none() && memo.text == *text);
            expect(was, "a link shows what the memo was not during the request")
        }
        (Deal::Open(token), Answer::Refused(404)) => {
            let Some(link) = link_of(token) else { return Ok(()) };
            let memo_was_away = of_memo(link.memo)
                .into_iter()
                .any(|memo| memo.is_none_or(|memo| memo.trashed_at.is_some()));
            let is_over = ended.time + SKEW >= link.expires_at;
            expect(
                may_have_ended(calls, link, to) || memo_was_away || is_over,
                "a good link opens nothing",
            )
        }
        (Deal::End(_), Answer::Removed) => expect(call.user == OWNER, "somebody ended another one's link"),
        (Deal::End(end), Answer::Refused(404)) => {
            let Some(link) = links(calls).find(|link| link.id == *end) else {
                return Ok(());
            };
            let others = ends(calls, link).filter(|other| other.began.step < to).count();
            let is_over = ended.time + SKEW >= link.expires_at;
            expect(
                call.user != OWNER || others > 1 || is_over,
                "a link is not there any more",
            )
        }
        (_, Answer::Refused(409 | 503)) => Ok(()),
        (deal, answer) => Err(format!("{deal:?} was answered {answer:?}")),
    }
}
