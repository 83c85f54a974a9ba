//! What must hold of codes, and of what programs get for them.

use auth_component::records::session::grant::CODE_TTL;

use super::{End, expect, may_be_busy};
use crate::{
    answer::Answer,
    call::{Act, Call, Moment},
    op::CallId,
    programs::Step,
    sessions::session_of,
    world::{SKEW_MAX, millis},
};

/// The most sessions that a program has with a user: one more ends the oldest.
const SESSIONS_MAX: usize = 5;

/// Judges the answer of a request that has just ended.
///
/// # Errors
/// What is wrong with it.
pub fn answer(calls: &[Call], id: CallId, ended: &Moment, step: &Step, answer: &Answer) -> Result<(), String> {
    let case = Case {
        calls,
        id,
        call: &calls[id],
        ended,
    };
    match (step, answer) {
        (Step::Allow { .. }, Answer::Code(_)) => Ok(()),
        (Step::Redeem { code, is_theirs }, Answer::Tokens(_)) => {
            expect(*is_theirs, "a code was good without its verifier")?;
            let is_given = |other: &Call| redeems(other, code) && matches!(other.answer(), Some(Answer::Tokens(_)));
            expect(!case.others().any(is_given), "one code was good twice")?;
            expect(
                !case.is_disconnected(session_of(code)),
                "a code outlived the end of its program",
            )
        }
        (Step::Redeem { code, is_theirs }, Answer::Refused(400)) => {
            let reason = !is_theirs || case.is_late(code) || case.may_be_over(session_of(code), true);
            expect(reason, "a good code was refused")
        }
        (Step::Refresh { token }, Answer::Tokens(_)) => {
            let session = session_of(token);
            expect(
                !case.was_used_again(session),
                "a session goes on whose code was used again",
            )?;
            expect(
                !case.is_disconnected(session),
                "a session outlived the end of its program",
            )
        }
        (Step::Refresh { token }, Answer::Refused(400)) => {
            let session = session_of(token);
            let is_rival = |other: &Call| {
                let is_it = matches!(&other.act, Act::Program(Step::Refresh { token }) if session_of(token) == session);
                is_it && other.began.step < ended.step
            };
            let reason = case.others().any(is_rival) || case.may_be_over(session, false);
            expect(reason, "a good refresh token was refused")
        }
        (Step::Disconnect { .. }, Answer::Removed) => Ok(()),
        (Step::Disconnect { .. }, Answer::Refused(404)) => {
            let mut sessions = calls.iter().filter_map(Call::answer).filter_map(|answer| match answer {
                Answer::Tokens(Some(token)) => Some(session_of(token)),
                _ => None,
            });
            let is_there = |session: &str| case.was_begun(session) && !case.may_be_over(session, false);
            expect(!sessions.any(is_there), "a program that is connected is not found")
        }
        (_, Answer::Refused(409 | 503)) => {
            let is_rival = |other: &Call| other.began.step < ended.step;
            let reason = case.call.disturbed
                || may_be_busy(calls, id, &case.call.act, ended, true)
                || case.others().any(is_rival);
            expect(reason, "a request gave up without a reason")
        }
        (step, answer) => Err(format!("{step:?} was answered {answer:?}")),
    }
}

/// Whether a request shows this code, or one of the same session.
fn redeems(call: &Call, code: &str) -> bool {
    matches!(&call.act, Act::Program(Step::Redeem { code: shown, .. }) if session_of(shown) == session_of(code))
}

fn disconnects(call: &Call) -> bool {
    matches!(call.act, Act::Program(Step::Disconnect { .. }))
}

/// A request that has ended, and what is known of everything.
struct Case<'a> {
    calls: &'a [Call],
    id: CallId,
    call: &'a Call,
    ended: &'a Moment,
}

impl<'a> Case<'a> {
    fn others(&self) -> impl Iterator<Item = &'a Call> {
        let own = self.id;
        let others = self.calls.iter().enumerate().filter(move |(other, _)| *other != own);
        others.map(|(_, call)| call)
    }

    /// The request that was given the code of a session, when it had ended.
    fn allowed(&self, session: &str) -> Option<(&'a Call, Moment)> {
        self.calls.iter().find_map(|call| match &call.ended {
            Some((ended, End::Answered(Answer::Code(code)))) if session_of(code) == session => Some((call, *ended)),
            _ => None,
        })
    }

    /// Whether the code may have been too old.
    fn is_late(&self, code: &str) -> bool {
        let Some((allowed, _)) = self.allowed(session_of(code)) else {
            return false;
        };
        self.ended.time + 2 * SKEW_MAX as u64 >= allowed.began.time + millis(CODE_TTL)
    }

    /// Whether somebody was told, before this request began, that the session had begun.
    fn was_begun(&self, session: &str) -> bool {
        self.calls.iter().any(|call| match &call.ended {
            Some((ended, End::Answered(Answer::Tokens(_)))) => {
                redeems(call, session) && ended.step <= self.call.began.step
            }
            _ => false,
        })
    }

    /// Whether the user was told, before this request began, that the program is disconnected, having asked for that when there
    /// was the code already.
    fn is_disconnected(&self, session: &str) -> bool {
        let Some((_, allowed)) = self.allowed(session) else {
            return false;
        };
        self.others()
            .filter(|call| disconnects(call))
            .any(|call| match &call.ended {
                Some((ended, End::Answered(Answer::Removed))) => {
                    call.began.step >= allowed.step && ended.step <= self.call.began.step
                }
                _ => false,
            })
    }

    /// Whether somebody was refused, before this request began, who showed the code when its session had begun.
    fn was_used_again(&self, session: &str) -> bool {
        let begun = self.calls.iter().find_map(|call| match &call.ended {
            Some((ended, End::Answered(Answer::Tokens(_)))) if redeems(call, session) => Some(*ended),
            _ => None,
        });
        let Some(begun) = begun else { return false };
        self.others()
            .filter(|call| redeems(call, session))
            .any(|call| match &call.ended {
                Some((ended, End::Answered(Answer::Refused(400)))) => {
                    call.began.step >= begun.step && ended.step <= self.call.began.step
                }
                _ => false,
            })
    }

    /// Whether something may have ended the session, or what its code was good for: somebody who showed the code, as often as
    /// `is_by_code` leaves it open; a refresh by a token that another one had replaced; the user; or too many sessions.
    fn may_be_over(&self, session: &str, is_by_code: bool) -> bool {
        let before = || self.others().filter(|call| call.began.step < self.ended.step);
        let count = |is_one: &dyn Fn(&Step) -> bool| {
            let is_one = |call: &&Call| matches!(&call.act, Act::Program(step) if is_one(step));
            before().filter(is_one).count()
        };
        let uses = count(&|step| matches!(step, Step::Redeem { code, .. } if session_of(code) == session));
        let refreshes = count(&|step| matches!(step, Step::Refresh { token } if session_of(token) == session));
        let allowed = count(&|step| matches!(step, Step::Allow { .. }));
        uses > usize::from(!is_by_code) || refreshes > 1 || before().any(disconnects) || allowed > SESSIONS_MAX
    }
}
